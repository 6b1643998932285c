/** Single-key shortcuts. They can be turned off, because speech input and some screen readers trigger them by accident (WCAG 2.1.4). */
const KEY = "posthorn.shortcuts";

export const GO_TO = {
  h: "/",
  m: "/messages",
  l: "/live",
  i: "/issues",
  a: "/applications",
  e: "/event-types",
  r: "/replays",
  o: "/sources",
  c: "/capture",
  n: "/cluster",
  s: "/settings",
} as const;

export const PLACES_OF_KEYS = [
  ["h", "home"],
  ["m", "messages"],
  ["l", "live"],
  ["i", "issues"],
  ["a", "applications"],
  ["e", "eventTypes"],
  ["r", "replays"],
  ["o", "sources"],
  ["c", "capture"],
  ["n", "cluster"],
  ["s", "settings"],
] as const;

export function shortcutsOn(): boolean {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true;
  }
}

export function switchShortcuts(on: boolean): void {
  try {
    if (on) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, "off");
  } catch {
    // Without storage, the choice is lost on reload.
  }
}
