// What pages do beyond plain HTML. Everything here is an ease: without it each page still works.
// It reads data attributes only (docs/developers/pages.md lists them), never evaluates text, and keeps nothing of content.
(() => {
  "use strict";

  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const announce = (words) => {
    const live = one("#live");
    if (live) live.textContent = words;
  };
  const remembered = {
    get: (key) => { try { return localStorage.getItem(key); } catch { return null; } },
    set: (key, value) => {
      try {
        if (value === null) localStorage.removeItem(key);
        else localStorage.setItem(key, value);
      } catch { /* a browser that keeps nothing asks again next time */ }
    },
  };
  const isTyping = (element) =>
    element instanceof HTMLElement &&
    (element.isContentEditable || element.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])"));

  // ---- dialogs --------------------------------------------------------------------------------------------------
  const openDialog = (dialog) => {
    if (!(dialog instanceof HTMLDialogElement) || dialog.open) return;
    dialog.showModal();
    const first = one("[autofocus]", dialog) ?? one("textarea, select, input:not([type=hidden])", dialog);
    if (first && dialog.id !== "keys") first.focus();
  };

  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const opener = event.target.closest("[data-dialog]");
    if (opener) {
      event.preventDefault();
      closeMenus();
      openDialog(document.getElementById(opener.dataset.dialog));
      return;
    }
    const closer = event.target.closest("[data-dialog-close]");
    if (closer) {
      event.preventDefault();
      closer.closest("dialog").close();
      return;
    }
    if (event.target.closest("[data-open-keys]")) {
      closeMenus();
      showKeys();
      return;
    }
    if (event.target.closest("[data-print]")) {
      window.print();
      return;
    }
    const theme = event.target.closest("[data-theme]");
    if (theme) setTheme(theme.dataset.theme);
    const filler = event.target.closest("[data-fill]");
    if (filler) {
      const box = document.getElementById(filler.dataset.fill);
      box.value = box.value.trim() ? `${box.value.trimEnd()}\n${filler.dataset.fillText}` : filler.dataset.fillText;
      box.dispatchEvent(new Event("input", { bubbles: true }));
      box.focus();
    }
    closeMenus(event.target.closest("[data-menu]"));
  });

  const closeMenus = (except = null) => {
    for (const menu of all("[data-menu][open]")) if (menu !== except) menu.open = false;
  };

  // ---- look -----------------------------------------------------------------------------------------------------
  const showTheme = () => {
    const chosen = document.documentElement.dataset.bsTheme ?? "";
    for (const button of all("[data-theme]")) button.setAttribute("aria-pressed", String(button.dataset.theme === chosen));
  };
  const setTheme = (theme) => {
    if (theme) document.documentElement.dataset.bsTheme = theme;
    else delete document.documentElement.dataset.bsTheme;
    remembered.set("intelhub-theme", theme || null);
    showTheme();
  };

  // ---- lines: j k x enter ---------------------------------------------------------------------------------------
  const lines = () => all("[data-row]").filter((line) => line.offsetParent !== null);
  const currentLine = () => one("[data-row].is-current");
  let anchor = null; // the line chosen last: where a choice with Shift begins

  const goToLine = (line) => {
    currentLine()?.classList.remove("is-current");
    line.classList.add("is-current");
    line.scrollIntoView({ block: "nearest" });
    (one("[data-row-link]", line) ?? one("a, button, input", line))?.focus({ preventScroll: true });
  };
  const move = (step) => {
    const list = lines();
    if (list.length === 0) return;
    const index = list.indexOf(currentLine());
    goToLine(list[index < 0 ? (step > 0 ? 0 : list.length - 1) : Math.min(Math.max(index + step, 0), list.length - 1)]);
  };
  // Arrows scroll, until a line is chosen or the page is one of lines to look through; a choice among answers keeps them.
  const movesByArrows = (event) => {
    if (!one("[data-arrows]")) return false;
    const line = event.target.closest("[data-row]");
    return line ? event.target.matches("[data-row-link]") : event.target === document.body || event.target.id === "results";
  };
  // What waits for somebody: the first line of the first desk that holds any.
  const goToWaiting = () => {
    const line = location.hash === "#waiting" && one("[data-waiting] [data-row]");
    if (line) goToLine(line);
  };
  window.addEventListener("hashchange", goToWaiting);

  const choose = (line, on, upTo) => {
    const list = lines();
    const [from, to] = [list.indexOf(upTo && anchor ? anchor : line), list.indexOf(line)].sort((a, b) => a - b);
    const chosenFor = one("[data-row-choose]", line)?.getAttribute("form");
    for (const each of list.slice(Math.max(from, 0), to + 1)) {
      const box = one("[data-row-choose]", each);
      if (box && box.getAttribute("form") === chosenFor) box.checked = on;
    }
    anchor = line;
    showChosen();
  };
  const showChosen = () => {
    for (const bar of all("[data-bulk]")) {
      const count = all(`[data-row-choose][form="${CSS.escape(bar.id)}"]:checked`).length;
      bar.classList.toggle("is-empty", count === 0);
      const words = one("[data-bulk-count]", bar);
      words.textContent = words.dataset.words.replace("{n}", String(count));
    }
    for (const line of all("[data-row]")) line.classList.toggle("is-chosen", one("[data-row-choose]:checked", line) !== null);
  };
  document.addEventListener("click", (event) => {
    const box = event.target instanceof Element ? event.target.closest("[data-row-choose]") : null;
    if (box) choose(box.closest("[data-row]"), box.checked, event.shiftKey);
  });
  document.addEventListener("focusin", (event) => {
    const line = event.target.closest("[data-row]");
    if (!line || line === currentLine()) return;
    currentLine()?.classList.remove("is-current");
    line.classList.add("is-current");
  });

  // ---- keys -----------------------------------------------------------------------------------------------------
  let waitingFor = ""; // the first key of a pair such as g h
  let forget = 0;
  const keysAreOff = () => remembered.get("intelhub-keys") === "off";

  const act = (element) => {
    if (element.matches("input, textarea, select")) {
      element.focus();
      element.select?.();
    } else {
      element.click();
    }
  };
  const isShown = (element) => element.offsetParent !== null || element.getClientRects().length > 0;
  const withShortcut = () => all("[data-shortcut]").filter((element) => !element.closest("dialog:not([open])"));

  const wordsOf = (element) =>
    element.dataset.shortcutWords ?? (one(".nav-words", element) ?? element).textContent.trim().replace(/\s+/g, " ");

  const showKeys = () => {
    const dialog = one("#keys");
    if (!dialog) return;
    const list = one("[data-keys-list]", dialog);
    for (const old of all("[data-keys-found]", list)) old.remove();
    const seen = new Set();
    for (const element of withShortcut().reverse()) {
      const keys = element.dataset.shortcut;
      if (seen.has(keys)) continue;
      seen.add(keys);
      const line = document.createElement("div");
      line.dataset.keysFound = "";
      const term = document.createElement("dt");
      for (const key of keys.split(" ")) {
        const sign = document.createElement("kbd");
        sign.textContent = key;
        term.append(sign, " ");
      }
      const words = document.createElement("dd");
      words.textContent = wordsOf(element);
      line.append(term, words);
      list.prepend(line);
    }
    for (const line of all("[data-keys-rows]", list)) line.hidden = one("[data-row]") === null;
    for (const line of all("[data-keys-arrows]", list)) line.hidden = one("[data-arrows]") === null;
    for (const line of all("[data-keys-preview]", list)) line.hidden = one("[data-previewed]") === null;
    for (const line of all("[data-keys-choose]", list)) line.hidden = one("[data-row-choose]") === null;
    one("[data-keys-off]", dialog).checked = keysAreOff();
    openDialog(dialog);
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const menu = one("[data-menu][open]");
      if (menu) {
        menu.open = false;
        one("summary", menu).focus();
      } else if (event.target instanceof HTMLElement && event.target.id === "top-search") {
        event.target.blur();
      }
      return;
    }
    if (event.key === " " && event.target instanceof Element && event.target.matches("a[role=button]")) {
      event.preventDefault();
      event.target.click();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "ArrowDown" && event.target.matches("[data-search] input[type=search]") && !event.target.list?.options.length && one("[data-arrows] [data-row]")) {
      event.preventDefault();
      goToLine(currentLine() ?? one("[data-arrows] [data-row]"));
      return;
    }
    if (isTyping(event.target)) return;
    if (one("dialog[open]") || keysAreOff()) return;
    const pressed = waitingFor ? `${waitingFor} ${event.key}` : event.key;
    waitingFor = "";
    clearTimeout(forget);
    const available = withShortcut().filter((element) => isShown(element) || element.closest("nav"));
    const found = available.find((element) => element.dataset.shortcut === pressed);
    if (found) {
      event.preventDefault();
      act(found);
    } else if (available.some((element) => element.dataset.shortcut.startsWith(`${pressed} `))) {
      waitingFor = pressed;
      forget = setTimeout(() => { waitingFor = ""; }, 1500);
    } else if (event.key === "?") {
      event.preventDefault();
      showKeys();
    } else if (event.key === "j" || event.key === "k") {
      event.preventDefault();
      move(event.key === "j" ? 1 : -1);
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && movesByArrows(event)) {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if ((event.key === "x" || event.key === "X") && currentLine()) {
      const box = one("[data-row-choose]", currentLine());
      if (box) choose(currentLine(), event.shiftKey || !box.checked, event.shiftKey);
    } else if (event.key === "Enter" && event.target === document.body && currentLine()) {
      one("[data-row-link]", currentLine())?.click();
    }
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches?.("[data-keys-off]")) remembered.set("intelhub-keys", event.target.checked ? "off" : null);
  });

  // ---- forms ----------------------------------------------------------------------------------------------------
  const count = (area) => {
    const words = document.getElementById(area.dataset.count);
    if (!words) return;
    const left = Number(area.dataset.limit) - [...area.value].length;
    const number = new Intl.NumberFormat(document.documentElement.lang).format(Math.abs(left));
    words.textContent = (left < 0 ? words.dataset.over : words.dataset.left).replace("{n}", number);
    words.classList.toggle("is-over", left < 0);
  };
  document.addEventListener("input", (event) => {
    if (event.target.matches?.("textarea[data-limit]")) count(event.target);
  });
  // The number pad for kinds that digits alone identify; without this the full keyboard is there for every kind.
  const chooseKeyboard = (kind) => {
    const input = one("input[name$='-identifier']", kind.closest("fieldset"));
    if (!input) return;
    if (kind.dataset.numbered.split(" ").includes(kind.value)) input.inputMode = "numeric";
    else input.removeAttribute("inputmode");
  };
  document.addEventListener("change", (event) => {
    if (event.target.matches?.("select[data-numbered]")) chooseKeyboard(event.target);
  });
  const focusSummary = (root) => {
    const summary = one("[data-error-summary]", root);
    if (summary) summary.focus();
  };
  // A link of the summary leads into the field itself, also where its name stands on a group of choices.
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("[data-error-summary] a[href^='#']") : null;
    if (!link) return;
    const named = document.getElementById(link.hash.slice(1));
    const field = named?.matches("input, textarea, select") ? named : named && one("input, textarea, select", named);
    if (!field) return;
    event.preventDefault();
    (field.closest(".field") ?? field).scrollIntoView({ block: "start" });
    field.focus({ preventScroll: true });
  });

  // ---- the end of the session -----------------------------------------------------------------------------------
  const WARN_AHEAD = 120_000;
  let endsAt = 0; // on the page's own steady clock, so that a wrong wall clock does no harm
  let ticking = 0;
  const body = document.body;
  const ahead = body.dataset.now ? new Date(body.dataset.now) - Date.now() : 0; // of the server's clock before this one

  const expectEnd = (millisecondsLeft) => {
    endsAt = performance.now() + millisecondsLeft;
    clearInterval(ticking);
    ticking = setInterval(checkEnd, 1000);
    const dialog = one("#session-end");
    if (millisecondsLeft > WARN_AHEAD && dialog?.open) dialog.close();
    checkEnd();
  };
  const checkEnd = () => {
    const left = endsAt - performance.now();
    const dialog = one("#session-end");
    if (!dialog || left > WARN_AHEAD) return;
    if (left <= 0) {
      clearInterval(ticking);
      dialog.close();
      announceTrouble(body.dataset.signedOut);
      return;
    }
    const seconds = Math.ceil(left / 1000);
    one("[data-session-left]", dialog).textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    if (!dialog.open) {
      dialog.showModal();
      one("[data-session-stay]", dialog).focus();
    }
  };
  const hearEnd = (header) => {
    if (header && body.dataset.now) expectEnd(new Date(header) - (Date.now() + ahead));
  };
  document.addEventListener("click", async (event) => {
    if (!(event.target instanceof Element) || !event.target.closest("[data-session-stay]")) return;
    try {
      const token = JSON.parse(body.getAttribute("hx-headers"));
      const answer = await fetch(body.dataset.stay, { method: "POST", headers: token, credentials: "same-origin", redirect: "error" });
      if (!answer.ok) throw new Error(String(answer.status));
      hearEnd(answer.headers.get("Session-Ends-At"));
    } catch {
      announceTrouble(body.dataset.trouble);
    }
  });

  // ---- htmx: trouble is said, focus goes where the news is ------------------------------------------------------
  const announceTrouble = (words) => {
    announce(words);
    const notices = one("#notices");
    if (!notices) return;
    for (const old of all("[data-trouble-notice]", notices)) old.remove();
    const notice = document.createElement("div");
    notice.className = "notice notice-bad";
    notice.dataset.troubleNotice = "";
    const line = document.createElement("p");
    line.textContent = words;
    notice.append(line);
    notices.prepend(notice);
    notice.scrollIntoView({ block: "nearest" });
  };
  const messageOf = (answer) => {
    try { return JSON.parse(answer.responseText).message; } catch { return null; }
  };
  document.addEventListener("htmx:responseError", (event) => {
    const answer = event.detail.xhr;
    announceTrouble(answer.status === 401 ? body.dataset.signedOut : messageOf(answer) ?? body.dataset.trouble);
  });
  document.addEventListener("htmx:sendError", () => announceTrouble(body.dataset.trouble));
  document.addEventListener("htmx:afterRequest", (event) => {
    hearEnd(event.detail.xhr?.getResponseHeader("Session-Ends-At"));
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    prepare(event.target);
    focusSummary(event.target);
  });

  const prepare = (root) => {
    for (const area of all("textarea[data-limit]", root)) count(area);
    for (const kind of all("select[data-numbered]", root)) chooseKeyboard(kind);
    for (const link of all("a[data-dialog]", root)) link.setAttribute("role", "button");
    showChosen();
  };

  // A page that is all there is of what was typed is not left by mistake.
  const kept = one("form[data-kept]");
  if (kept) {
    let isSent = false;
    kept.addEventListener("submit", () => { isSent = true; });
    window.addEventListener("beforeunload", (event) => { if (!isSent) event.preventDefault(); });
  }

  prepare(document);
  goToWaiting();
  showTheme();
  if (body.dataset.sessionEnds) expectEnd(new Date(body.dataset.sessionEnds) - new Date(body.dataset.now));
  one(".field-wrong [autofocus]")?.closest(".field").scrollIntoView({ block: "center" }); // not behind a fixed bar
  const refused = one("dialog[data-reopened]"); // without this script it stands open at the end of the page
  if (refused) {
    refused.close();
    openDialog(refused);
  } else if (location.hash) {
    const wanted = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (wanted instanceof HTMLDialogElement) openDialog(wanted);
  }
})();
