// Runs before the first paint: a theme chosen by hand must not flash the other one.
try {
  const theme = localStorage.getItem("keyward-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is blocked: the system's theme it is.
}
