// Looking for records: a result changes as it is refined and can be gone back to. Each of it is an ease: without this
// script every button sends the form. Of what was asked nothing is kept here; the address carries it sealed.
"use strict";
(() => {
  // ---- from one place found to the next, on a record's page and in its preview
  let at = null;
  document.addEventListener("click", (event) => {
    const step = event.target instanceof Element ? event.target.closest("[data-found-step]") : null;
    if (!step) return;
    event.preventDefault();
    const line = step.closest("[data-found-line]");
    const marks = [...document.querySelectorAll("mark[id^='found-']")];
    const index = marks.indexOf(at) + Number(step.dataset.foundStep);
    at?.classList.remove("is-current");
    at = marks[index < 0 ? marks.length - 1 : index % marks.length];
    at.classList.add("is-current");
    at.scrollIntoView({ block: "center" });
    const words = line.dataset.words.replace("{n}", String(marks.indexOf(at) + 1));
    line.firstElementChild.textContent = words;
    const live = document.getElementById("live");
    if (live) live.textContent = `${words}: ${at.textContent}`;
  });
})();
(() => {
  const form = document.querySelector("[data-search]");
  if (!form) return;
  const results = document.getElementById("results");
  const box = document.getElementById("q");
  const here = () => results.querySelector("[data-found-here]");
  const shown = () => location.pathname + location.search;
  let last = shown(); // what this page shows, apart from the place in it
  let isOver = false; // the session or its token: only the form itself goes on from here
  let asker = null; // what was operated, by its place on the page

  const goTo = (address, how) => {
    if (!address || address === shown()) return;
    history[how](null, "", address);
    last = shown();
  };
  // The links carry what was asked, sealed, so that its words are marked where they lead; and the newest bar is in sight.
  const prepare = () => {
    const list = results.querySelector("[data-found]");
    for (const link of list?.querySelectorAll("[data-row-link]") ?? []) link.setAttribute("href", `${link.pathname}?found=${list.dataset.found}`);
    const spans = results.querySelector(".spans");
    if (spans) spans.scrollLeft = spans.scrollWidth;
  };
  prepare();
  // A page that came by POST cannot be gone back to; its address can.
  goTo(here()?.dataset.address, "replaceState");

  window.addEventListener("popstate", () => { if (shown() !== last) location.reload(); });

  form.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target === box || event.target.closest("#preview")) return;
    asker = event.target === form ? event.detail.requestConfig.triggeringEvent?.submitter ?? box : event.target;
    asker = asker.closest("#results") ? "results" : asker.closest("#filter-choices") ? "filters" : asker.closest("#filters") ? "sheet" : "";
  });
  form.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status === 200) {
      if (event.target === results) preview.hidden = true; // its line goes; when it has settled, one of the new may be open
      return;
    }
    event.detail.shouldSwap = false; // of a refusal the sentence is said, and what is shown and typed stays
    event.detail.isError = true;
  });
  // At once, and not when it has settled: a quick hand opens a line before.
  form.addEventListener("htmx:afterSwap", (event) => {
    if (event.target !== results) return;
    prepare();
    goTo(here()?.dataset.address, "pushState");
  });
  form.addEventListener("htmx:afterSettle", (event) => {
    if (event.target !== results) return;
    if (asker === "sheet") form.querySelector(".filter-close").click(); // applied: the sheet of a small screen closes
    if (asker === "results") window.scrollTo({ top: 0, behavior: "instant" });
    if (document.activeElement === document.body && asker) {
      const place = asker === "filters" ? form.querySelector("#filter-choices input:checked, #filter-choices input") : results;
      place?.focus({ preventScroll: true });
    }
  });
  // A word that could not be completed is no trouble of the question's: what is sent with it says what there is to say.
  for (const trouble of ["htmx:responseError", "htmx:sendError"]) box.addEventListener(trouble, (event) => event.stopPropagation());
  form.addEventListener("htmx:responseError", (event) => {
    if ([401, 403].includes(event.detail.xhr.status)) isOver = true;
  });
  // ---- the box: words offered under it, and examples beside it
  const forgetWords = () => {
    htmx.trigger(box, "htmx:abort"); // an answer on its way would open the list over what was found
    box.list.replaceChildren();
  };
  form.addEventListener("submit", forgetWords);
  box.addEventListener("keydown", (event) => { if (event.key === "Escape") forgetWords(); });
  let own = ""; // what somebody typed is not lost to an example
  let withExample = null;
  form.addEventListener("click", (event) => {
    const chosen = event.target.closest("[data-example]");
    if (!chosen) return;
    if (box.value !== withExample) own = box.value.trim();
    withExample = own ? `${own} ${chosen.textContent}` : chosen.textContent;
    box.value = withExample;
    box.focus();
  });
  form.addEventListener("submit", (event) => {
    if (isOver) event.stopImmediatePropagation(); // and so the browser sends it: the answer carries the form again
  }, true);

  // ---- a record beside its result: a reading like any other, decided and logged by the server
  const preview = document.getElementById("preview");
  const body = document.getElementById("preview-body");
  const rows = () => [...results.querySelectorAll("[data-previewed] [data-row]")];
  const current = () => results.querySelector("[data-row].is-current");
  const linkOf = (line) => line.querySelector("[data-row-link]");
  const say = (words) => { document.getElementById("live").textContent = words; };
  let soon = 0;

  const load = (line) => {
    const link = linkOf(line);
    const asked = new URLSearchParams(link.search);
    const level = /level-(\d)/.exec(document.getElementById("level-top").className);
    asked.set("level", level ? level[1] : "0"); // a record above the page's level brings its banner along
    preview.querySelector("[data-preview-open]").href = link.href;
    htmx.ajax("GET", `${link.pathname}/preview?${asked}`, { source: preview, target: body, swap: "innerHTML" }).catch(() => {}); // said by `refuse`
  };
  const open = (line) => {
    current()?.classList.remove("is-current");
    line.classList.add("is-current");
    body.replaceChildren();
    preview.hidden = false;
    preview.scrollTop = 0;
    preview.focus({ preventScroll: true });
    line.scrollIntoView({ block: "nearest" });
    load(line);
  };
  const close = () => {
    clearTimeout(soon);
    preview.hidden = true;
    body.replaceChildren();
    const line = current();
    if (line) linkOf(line).focus();
  };
  const step = (by) => {
    const list = rows();
    const next = list[list.indexOf(current()) + by];
    if (!next) return;
    current()?.classList.remove("is-current");
    next.classList.add("is-current");
    next.scrollIntoView({ block: "nearest" });
    preview.focus({ preventScroll: true });
    clearTimeout(soon);
    soon = setTimeout(() => load(next), 150); // lines that are only passed are not read
  };
  preview.addEventListener("htmx:afterSettle", () => {
    preview.scrollTop = 0;
    say(body.querySelector("h3")?.textContent ?? "");
  });
  const refuse = (event) => {
    event.stopPropagation();
    let words = document.body.dataset.trouble;
    const answer = event.detail.xhr;
    try { words = JSON.parse(answer.responseText).message ?? words; } catch { /* no sentence came */ }
    if (answer.status === 401) words = document.body.dataset.signedOut;
    const line = document.createElement("p");
    line.textContent = words;
    body.replaceChildren(line);
    say(words);
  };
  preview.addEventListener("htmx:responseError", refuse);
  preview.addEventListener("htmx:sendError", refuse);
  form.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-preview]");
    if (opener) open(opener.closest("[data-row]"));
    if (event.target.closest("[data-preview-close]")) close();
    const stepper = event.target.closest("[data-preview-step]");
    if (stepper) step(Number(stepper.dataset.previewStep));
  });
  const areKeysOff = () => { try { return localStorage.getItem("intelhub-keys") === "off"; } catch { return false; } };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector("dialog[open]")) return;
    const isOpen = !preview.hidden;
    const onLink = event.target.matches("[data-previewed] [data-row-link]");
    const inPanel = isOpen && preview.contains(event.target);
    const onBody = event.target === document.body;
    const done = () => { event.preventDefault(); event.stopPropagation(); };
    if (event.key === "Escape" && isOpen && (inPanel || onLink || onBody)) {
      done();
      close();
    } else if (event.target.matches("#preview button, #preview a") || areKeysOff()) {
      return;
    } else if (event.key === " " && !event.shiftKey && (inPanel || onLink || (onBody && current()))) {
      done();
      if (isOpen && (inPanel || linkOf(current()) === event.target || onBody)) close();
      else open(onLink ? event.target.closest("[data-row]") : current());
    } else if (isOpen && (inPanel || onLink || onBody) && ["ArrowDown", "ArrowUp", "j", "k"].includes(event.key)) {
      done();
      step(event.key === "ArrowDown" || event.key === "j" ? 1 : -1);
    } else if (event.key === "Enter" && event.target === preview) {
      done();
      preview.querySelector("[data-preview-open]").click();
    }
  }, true);
})();
