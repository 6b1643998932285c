/** Headers that make a response harmless in a browser, whatever its body contains. */

/**
 * Sent with every response of the API and of source URLs. The sandbox gives a document an opaque origin without scripts, forms or
 * plug-ins; `nosniff` prevents the response from being loaded as a script or style sheet.
 */
export const INERT: Readonly<Record<string, string>> = {
  "content-security-policy": "default-src 'none'; sandbox",
  "x-content-type-options": "nosniff",
};

/** Fetch Metadata destinations whose response a browser would execute. */
const RUN: ReadonlySet<string> = new Set([
  "audioworklet",
  "paintworklet",
  "script",
  "serviceworker",
  "sharedworker",
  "worker",
  "xslt",
]);

/** Whether a browser requests code to execute. Webhook senders never do. */
export function asksForScript(headers: Readonly<Record<string, string | string[] | undefined>>): boolean {
  if (headers["service-worker"] !== undefined) return true;
  return RUN.has(
    String(headers["sec-fetch-dest"] ?? "")
      .trim()
      .toLowerCase(),
  );
}
