/**
 * Codes of links to the pages for set-up, invitations and new passwords. They are taken out of the address, and kept in the tab until they are
 * used, so that the page can be reloaded.
 */
import { useSyncExternalStore } from "react";

export type LinkPage = "setup" | "invitation" | "reset";

const PAGES: readonly LinkPage[] = ["setup", "invitation", "reset"];
const listeners = new Set<() => void>();

function keyOf(page: LinkPage): string {
  return `posthorn.link.${page}`;
}

/** Keeps the code of a link to one of these pages. @returns Whether the path is one of them. */
export function keepLinkCode(path: string, code: string): boolean {
  const page = PAGES.find((name) => path.endsWith(`/${name}`));
  if (page === undefined) return false;
  sessionStorage.setItem(keyOf(page), code);
  for (const listener of listeners) listener();
  return true;
}

/** Removes a code that was used. */
export function dropLinkCode(page: LinkPage): void {
  sessionStorage.removeItem(keyOf(page));
  for (const listener of listeners) listener();
}

/** Code of the link with which this page was opened; `null`: there is none. */
export function useLinkCode(page: LinkPage): string | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => sessionStorage.getItem(keyOf(page)),
  );
}
