/** Sign-in at an identity provider with a browser of tests. */
import { expect } from "vitest";
import type { TestBrowser } from "./browser-session.ts";

/** The result in the browser: the page, and the problem that the sign-in page shows. */
export interface Arrival {
  readonly location: string;
  readonly problem: Record<string, unknown> | null;
}

/** Follows the provider's redirect back to the server. */
export async function arriveAt(
  node: { readonly url: string },
  browser: TestBrowser,
  callback: string,
): Promise<Arrival> {
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const response = await fetch(callback, { redirect: "manual", headers: { cookie } });
  expect([response.status, response.headers.get("cache-control")]).toEqual([303, "no-store"]);
  for (const line of response.headers.getSetCookie()) {
    const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line)!;
    if (value === "") browser.cookies.delete(name);
    else browser.cookies.set(name, value);
  }
  const problem = browser.cookies.get("posthorn_problem");
  browser.cookies.delete("posthorn_problem");
  return {
    location: response.headers.get("location")!.slice(node.url.length),
    problem: problem === undefined ? null : (JSON.parse(decodeURIComponent(problem)) as Record<string, unknown>),
  };
}
