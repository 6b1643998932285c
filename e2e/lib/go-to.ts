/** Moves from page to page of the dashboard or portal as its links do. */
import type { Page } from "playwright-core";

/** The router of the application, which it exposes to its developer tools. */
interface Router {
  readonly history: { readonly location: { readonly href: string } };
  readonly state: {
    readonly status: string;
    readonly location: { readonly href: string };
    readonly resolvedLocation?: { readonly href: string };
  };
}

/**
 * Opens a page of the application that the tab has loaded, as a click on a link does, and returns when the router has rendered it. This
 * takes a fifth of the time of `goto`, which loads the scripts again.
 */
export async function goTo(page: Page, path: string): Promise<void> {
  await page.evaluate((target) => history.pushState(null, "", target), path);
  await page.waitForFunction(() => {
    const { history: visited, state } = Reflect.get(globalThis, "__TSR_ROUTER__") as Router;
    const { href } = visited.location;
    return state.status === "idle" && state.location.href === href && state.resolvedLocation?.href === href;
  });
}
