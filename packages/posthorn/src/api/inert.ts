/** Headers that make an answer harmless in a browser, whatever its body holds. */

/**
 * Sent with every answer under `/in/` and every error. The sandbox gives a document an origin of its own without scripts, forms or
 * plug-ins; `nosniff` keeps the answer from being loaded as a script or style sheet.
 */
export const INERT: Readonly<Record<string, string>> = {
  "content-security-policy": "default-src 'none'; sandbox",
  "x-content-type-options": "nosniff",
};

/** Destinations of requests whose answer a browser would run (Fetch Metadata). */
const RUN: ReadonlySet<string> = new Set([
  "audioworklet",
  "paintworklet",
  "script",
  "serviceworker",
  "sharedworker",
  "worker",
  "xslt",
]);

/** Whether a browser asks for something to run. No sender of webhooks does. */
export function asksForScript(headers: Readonly<Record<string, string | string[] | undefined>>): boolean {
  if (headers["service-worker"] !== undefined) return true;
  return RUN.has(
    String(headers["sec-fetch-dest"] ?? "")
      .trim()
      .toLowerCase(),
  );
}
