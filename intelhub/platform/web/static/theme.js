// Runs before the first paint: the chosen look, and a mark that JavaScript is there.
(() => {
  const root = document.documentElement;
  root.classList.replace("no-js", "js");
  try {
    const theme = localStorage.getItem("intelhub-theme");
    if (theme === "light" || theme === "dark") root.dataset.bsTheme = theme;
  } catch {
    // A browser that keeps nothing follows the device.
  }
})();
