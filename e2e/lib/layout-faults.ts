/** Checks of the layout of the page that a tab shows. */
import type { Page } from "playwright-core";

/**
 * Layout errors at this width: elements wider than the window, innermost first; buttons and fields that a frame without a scroll bar cuts
 * off, or whose text does not fit; and words of up to 24 characters in table cells that continue on the next line. IDs, URLs and other code
 * may break anywhere.
 */
export function layoutFaults(page: Page): Promise<readonly string[]> {
  return page.evaluate(async () => {
    // Charts resize one frame after the window.
    for (let frame = 0; frame < 3; frame++) await new Promise((resolve) => requestAnimationFrame(resolve));
    const { clientWidth: room, scrollWidth } = document.documentElement;
    const start = ({ outerHTML }: Element): string => outerHTML.slice(0, 160);

    const tooWide = (): readonly string[] => {
      if (scrollWidth <= room) return [];
      const wide = [...document.querySelectorAll("body *")].filter((element) => {
        const { right, width } = element.getBoundingClientRect();
        return width > 0 && right > room + 1;
      });
      return [`${scrollWidth} of ${room}`, ...wide.slice(-3).map(start)];
    };

    /** The part of the window in which the containers of an element show it. Siblings have the same containers. */
    const seen = new Map<Element, { readonly left: number; readonly right: number }>();
    const shownWithin = (element: Element | null): { readonly left: number; readonly right: number } => {
      if (element === null) return { left: -Infinity, right: Infinity };
      const known = seen.get(element);
      if (known !== undefined) return known;
      const { overflowX } = getComputedStyle(element);
      const edges = element.getBoundingClientRect();
      const scrolls = overflowX === "auto" || overflowX === "scroll";
      // The heads of tables, which are hidden on phones.
      const isHidden = edges.width < 2;
      const around = scrolls || isHidden ? shownWithin(null) : shownWithin(element.parentElement);
      const cuts = /hidden|clip/.test(overflowX) && !isHidden;
      const shown = cuts
        ? { left: Math.max(around.left, edges.left), right: Math.min(around.right, edges.right) }
        : around;
      seen.set(element, shown);
      return shown;
    };
    const cutControls = (): readonly string[] =>
      [...document.querySelectorAll<HTMLElement>("button, select, input, textarea, [role=button]")]
        .filter((control) => {
          const { left, right, width, height } = control.getBoundingClientRect();
          // Hidden ones, and those for screen readers alone.
          if (width < 2 || height < 2 || control.closest('[class*="visually-hidden"]') !== null) return false;
          if (control.tagName === "BUTTON" && control.scrollWidth > control.clientWidth + 2) return true;
          const shown = shownWithin(control.parentElement);
          return right > Math.min(room, shown.right) + 1 || left < shown.left - 1;
        })
        .map((control) => `cuts ${start(control)}`);

    const brokenWords = (): readonly string[] => {
      const broken: string[] = [];
      for (const cell of document.querySelectorAll("main td")) {
        const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
        for (let text = texts.nextNode(); text !== null; text = texts.nextNode()) {
          if (text.parentElement!.closest("code, pre") !== null || /^https?:/.test(text.textContent!)) continue;
          for (const { 0: word, index } of text.textContent!.matchAll(/[^\s\-./]+/g)) {
            if (word.length > 24) continue;
            const range = document.createRange();
            range.setStart(text, index);
            range.setEnd(text, index + word.length);
            const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
            if (lines.size > 1) broken.push(`breaks "${word}"`);
          }
        }
      }
      return broken;
    };
    return [...tooWide(), ...cutControls(), ...brokenWords()];
  });
}
