// The record form: drafts save themselves every few seconds while something changes, and subjects get further rows.
// Without this script the buttons “save the draft” and “another subject” do the same by a round trip.
"use strict";
(() => {
  const form = document.querySelector("[data-autosave]");
  if (!form) return;
  const saved = document.getElementById("saved");
  const PAUSE = 5000;
  let dirty = false, busy = false, stopped = false, left = false, waiting = null;

  const say = (words) => { if (saved) saved.textContent = words; };

  async function save() {
    if (!dirty || busy || stopped) return;
    busy = true; dirty = false;
    const body = new URLSearchParams(new FormData(form));
    body.set("do", "autosave");
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json", "HX-Request": "true" }, redirect: "error" });
      const told = (answer.headers.get("Content-Type") || "").includes("json") ? await answer.json() : {};
      if (answer.ok) {
        for (const field of document.querySelectorAll("input[name=row_version]")) field.value = told.row_version;
        form.action = told.action;
        // Loading the page again shows the draft and not an empty form.
        if (location.pathname !== told.action) history.replaceState(null, "", told.action);
        say(told.saved);
      } else {
        dirty = true;
        // Another window was quicker, or this page's session is over: only a save by hand goes on from here.
        stopped = [401, 403, 412].includes(answer.status);
        say(answer.status === 401 ? document.body.dataset.signedOut : told.message || document.body.dataset.trouble);
      }
    } catch {
      dirty = true; // a poor link: it is tried again
      say(document.body.dataset.trouble);
    } finally {
      busy = false;
      if (waiting) form.requestSubmit(waiting);
    }
  }

  form.addEventListener("input", () => { dirty = true; });
  form.addEventListener("submit", (event) => {
    // A save on its way would make this page's version old: let it arrive first.
    if (busy) { event.preventDefault(); waiting = event.submitter; return; }
    left = true; stopped = true;
  });
  setInterval(save, PAUSE);
  window.addEventListener("beforeunload", (event) => { if (dirty && !left) event.preventDefault(); });

  const rows = form.querySelector("[data-subject-rows]");
  form.querySelector("[data-add-subject]")?.addEventListener("click", (event) => {
    event.preventDefault();
    const last = rows.lastElementChild;
    const number = rows.children.length;
    const next = last.cloneNode(true);
    const rename = (text) => text.replace(/subjects-\d+/g, `subjects-${number}`);
    for (const node of [next, ...next.querySelectorAll("*")]) {
      for (const name of ["id", "name", "for", "hx-target", "aria-describedby"]) {
        if (node.hasAttribute(name)) node.setAttribute(name, rename(node.getAttribute(name)));
      }
      if (node.hasAttribute("hx-vals")) node.setAttribute("hx-vals", JSON.stringify({ number: String(number) }));
      if (node.matches("input")) node.value = "";
      if (node.matches(".identifier-said")) node.textContent = "";
    }
    rows.append(next);
    window.htmx?.process(next);
    next.querySelector("select")?.focus();
  });
})();
