/** Single-key shortcuts. They can be turned off, because speech input and some screen readers trigger them by accident (WCAG 2.1.4). */
const KEY = "posthorn.shortcuts";

/** Pages that `g` and a letter open. */
export const PAGE_KEYS = [
  { key: "h", name: "home", to: "/" },
  { key: "m", name: "messages", to: "/messages" },
  { key: "l", name: "live", to: "/live" },
  { key: "i", name: "incidents", to: "/incidents" },
  { key: "a", name: "applications", to: "/applications" },
  { key: "d", name: "endpoints", to: "/endpoints" },
  { key: "e", name: "eventTypes", to: "/event-types" },
  { key: "r", name: "replays", to: "/replays" },
  { key: "x", name: "audit", to: "/audit" },
  { key: "o", name: "sources", to: "/sources" },
  { key: "w", name: "watches", to: "/watches" },
  { key: "t", name: "templates", to: "/templates" },
  { key: "c", name: "capture", to: "/capture" },
  { key: "n", name: "cluster", to: "/cluster" },
  { key: "u", name: "users", to: "/users" },
  { key: "s", name: "settings", to: "/settings" },
  { key: "p", name: "api", to: "/reference" },
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
