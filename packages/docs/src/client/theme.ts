/**
 * Applies the chosen theme before the first paint, so that the page does not flash, and shows controls that need scripts, so that nothing
 * moves later. Loaded as a classic script.
 */
document.documentElement.classList.add("scripted");
try {
  const theme = localStorage.getItem("posthorn.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset["theme"] = theme;
} catch {
  // Without storage, the theme of the system applies.
}
