import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { PAGE_KEYS, shortcutsOn } from "../lib/shortcuts.ts";

const SEQUENCE_MS = 1200;

/** Keyboard shortcuts: `g` and a letter opens a page, `/` focuses the search, `j` and `k` select rows, `?` lists the shortcuts. */
export function useShortcuts(): void {
  const navigate = useNavigate();
  useEffect(() => {
    let going = 0;
    const press = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || !shortcutsOn()) return;
      const { key } = event;
      const place = Date.now() - going < SEQUENCE_MS ? PAGE_KEYS.find((page) => page.key === key)?.to : undefined;
      going = key === "g" ? Date.now() : 0;
      if (place !== undefined) void navigate({ to: place });
      else if (key === "?") void navigate({ to: "/shortcuts" });
      else if (key === "/") focusOn("[data-search]");
      else if (key === "j") step(1);
      else if (key === "k") step(-1);
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [navigate]);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable], [role=menu]") !== null
  );
}

function focusOn(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.focus();
}

/** Focuses the link of the next or previous row. */
function step(by: 1 | -1): void {
  const links = [...document.querySelectorAll<HTMLElement>('tr[data-link="true"] td:first-child a')];
  const at = links.findIndex((link) => link === document.activeElement);
  const next = at === -1 ? (by === 1 ? links[0] : links.at(-1)) : links[at + by];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}
