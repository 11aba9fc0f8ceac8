// Looking for records: a result changes as it is refined and can be gone back to. Each of it is an ease: without this
// script every button sends the form. Of what was asked nothing is kept here; the address carries it sealed.
"use strict";
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
    for (const link of list?.querySelectorAll("[data-row-link]") ?? []) link.search = new URLSearchParams({ found: list.dataset.found });
    const spans = results.querySelector(".spans");
    if (spans) spans.scrollLeft = spans.scrollWidth;
  };
  prepare();
  // A page that came by POST cannot be gone back to; its address can.
  goTo(here()?.dataset.address, "replaceState");

  window.addEventListener("popstate", () => { if (shown() !== last) location.reload(); });

  form.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target.closest("#preview")) return;
    asker = event.target === form ? event.detail.requestConfig.triggeringEvent?.submitter ?? box : event.target;
    asker = asker.closest("#results") ? "results" : asker.closest("#filter-choices") ? "filters" : asker.closest("#filters") ? "sheet" : "";
  });
  form.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status === 200) return;
    event.detail.shouldSwap = false; // of a refusal the sentence is said, and what is shown and typed stays
    event.detail.isError = true;
  });
  form.addEventListener("htmx:afterSettle", (event) => {
    if (event.target !== results) return;
    prepare();
    goTo(here()?.dataset.address, "pushState");
    if (asker === "sheet") form.querySelector(".filter-close").click(); // applied: the sheet of a small screen closes
    if (asker === "results") window.scrollTo({ top: 0, behavior: "instant" });
    if (document.activeElement === document.body && asker) {
      const place = asker === "filters" ? form.querySelector("#filter-choices input:checked, #filter-choices input") : results;
      place?.focus({ preventScroll: true });
    }
  });
  form.addEventListener("htmx:responseError", (event) => {
    if ([401, 403].includes(event.detail.xhr.status)) isOver = true;
  });
  form.addEventListener("submit", (event) => {
    if (isOver) event.stopImmediatePropagation(); // and so the browser sends it: the answer carries the form again
  }, true);
})();
