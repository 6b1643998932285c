/**
 * Applies the chosen theme before the page is painted, so that it does not flash, and shows what works with scripts only, so that nothing moves
 * later. Loaded as a classic script.
 */
document.documentElement.classList.add("scripted");
try {
  const theme = localStorage.getItem("posthorn.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset["theme"] = theme;
} catch {
  // Without storage, the theme of the system applies.
}
