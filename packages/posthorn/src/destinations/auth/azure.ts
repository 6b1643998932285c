/** Credentials of Azure: shared access signatures of Service Bus and Event Hubs, and Shared Key of Blob Storage. */
import { createHmac } from "node:crypto";
import type { KindRequest } from "../kind.ts";

/** Validity of a shared access signature. It covers one request and a clock that is a little wrong. */
const SAS_SECONDS = 20 * 60;
/** Headers whose values are signed in this order, without their names. */
const SIGNED = [
  "content-encoding",
  "content-language",
  "content-length",
  "content-md5",
  "content-type",
  "date",
  "if-modified-since",
  "if-match",
  "if-none-match",
  "if-unmodified-since",
  "range",
] as const;

/**
 * Value of `Authorization` for Service Bus and Event Hubs.
 *
 * @param resource URL of the queue, topic or event hub.
 * @param now Unix milliseconds.
 */
export function sharedAccessSignature(
  { resource, keyName, key }: { readonly resource: string; readonly keyName: string; readonly key: string },
  now: number,
): string {
  const expiry = Math.floor(now / 1000) + SAS_SECONDS;
  const encoded = encodeURIComponent(resource);
  const signature = createHmac("sha256", key).update(`${encoded}\n${expiry}`).digest("base64");
  return `SharedAccessSignature sr=${encoded}&sig=${encodeURIComponent(signature)}&se=${expiry}&skn=${encodeURIComponent(keyName)}`;
}

/**
 * Value of `Authorization` for Blob Storage. The request must have `x-ms-date` and `x-ms-version`.
 *
 * @param key In base64, as Azure shows it.
 */
export function sharedKey(
  request: Pick<KindRequest, "method" | "url" | "headers" | "body">,
  account: string,
  key: string,
): string {
  const signature = createHmac("sha256", Buffer.from(key, "base64"))
    .update(sharedKeyText(request, account))
    .digest("base64");
  return `SharedKey ${account}:${signature}`;
}

/** The text that is signed. */
export function sharedKeyText(
  { method, url, headers, body }: Pick<KindRequest, "method" | "url" | "headers" | "body">,
  account: string,
): string {
  const values = new Map<string, string>();
  for (let index = 0; index + 1 < headers.length; index += 2) {
    values.set(headers[index]!.toLowerCase(), headers[index + 1]!.trim());
  }
  // Empty for a body without bytes since version 2015-02-21.
  values.set("content-length", body.byteLength === 0 ? "" : String(body.byteLength));
  const vendor = [...values.keys()].filter((name) => name.startsWith("x-ms-")).toSorted();
  const { pathname, searchParams } = new URL(url);
  const parameters = [...new Set(searchParams.keys())].toSorted().map((name) => {
    return `\n${name.toLowerCase()}:${searchParams.getAll(name).toSorted().join(",")}`;
  });
  return [
    method,
    ...SIGNED.map((name) => values.get(name) ?? ""),
    ...vendor.map((name) => `${name}:${values.get(name)!}`),
    `/${account}${pathname}${parameters.join("")}`,
  ].join("\n");
}
