/** Handlers for msw, so that code which calls Posthorn over HTTP reaches a `TestPosthorn`. */
import type { TestPosthorn } from "./test-posthorn.ts";

/** The part of `http` of msw that is used, so that this package does not depend on msw. */
export interface MswHttp<Handler> {
  all(path: string, resolver: (info: { readonly request: Request }) => Promise<Response>): Handler;
}

/**
 * Returns handlers that pass all requests to a URL on to a {@link TestPosthorn}: of an SDK, of `fetch`, of any HTTP client that msw intercepts.
 *
 * ```ts
 * import { http } from "msw";
 * import { setupServer } from "msw/node";
 *
 * const server = setupServer(...mswHandlers(http, posthorn, "https://webhooks.shop.example"));
 * ```
 *
 * @param url URL of the server that your code calls, without a path.
 */
export function mswHandlers<Handler>(http: MswHttp<Handler>, posthorn: TestPosthorn, url: string): Handler[] {
  return [http.all(`${url.replace(/\/+$/, "")}/*`, ({ request }) => posthorn.fetch(request))];
}
