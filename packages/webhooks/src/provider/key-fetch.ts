import { decodeUtf8, concatBytes } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import type { FetchKey, KeyRequest } from "./keys.ts";

/** Options for fetching and caching keys. */
export interface KeyFetcherOptions {
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** Current time in milliseconds since the Unix epoch. Defaults to `Date.now`. */
  readonly now?: () => number;
  /** How long a fetched key is used, in seconds. Defaults to 3600. */
  readonly maxAgeSeconds?: number;
  /** Timeout of one fetch in seconds. Defaults to 5. */
  readonly timeoutSeconds?: number;
}

interface Entry {
  readonly text: Promise<string>;
  readonly since: number;
}

const MAX_BYTES = 256 * 1024;
const MAX_ENTRIES = 100;
const FRESH_GAP_MS = 60_000;

/**
 * Creates a {@link FetchKey} that fetches keys over HTTPS and caches them. The URL comes from the request that is
 * being verified, so schemes pass only URLs on their allow list, and a redirect is an error. At most 100 keys of up
 * to 256 KiB are cached.
 *
 * @param options Cache time, timeout, clock and `fetch`.
 * @returns A function for the `fetchKey` option.
 *
 * @example
 *
 * ```ts
 * import { createKeyFetcher } from "@posthorn/webhooks/provider";
 *
 * let requests = 0;
 * const fetchKey = createKeyFetcher({
 *   maxAgeSeconds: 600,
 *   fetch: async () => (requests++, new Response("-----BEGIN PUBLIC KEY-----…")),
 * });
 * await fetchKey({ provider: "acme", url: "https://keys.acme.example/webhooks.pem" });
 * await fetchKey({ provider: "acme", url: "https://keys.acme.example/webhooks.pem" });
 * console.log(requests); // 1
 * ```
 */
export function createKeyFetcher(options: KeyFetcherOptions = {}): FetchKey {
  const entries = new Map<string, Entry>();
  const now = options.now ?? Date.now;
  const maxAgeMs = (options.maxAgeSeconds ?? 3600) * 1000;
  return async (request) => {
    const url = requireUrl(request);
    const kept = entries.get(url);
    const age = kept === undefined ? Infinity : now() - kept.since;
    if (kept !== undefined && age < (request.fresh === true ? Math.min(FRESH_GAP_MS, maxAgeMs) : maxAgeMs)) {
      return kept.text;
    }
    const entry: Entry = { text: download(url, options), since: now() };
    entries.delete(url);
    entries.set(url, entry);
    if (entries.size > MAX_ENTRIES) entries.delete(entries.keys().next().value!);
    try {
      return await entry.text;
    } catch (error) {
      if (entries.get(url) === entry) entries.delete(url);
      throw error;
    }
  };
}

const shared = /* @__PURE__ */ createKeyFetcher();

/** Fetches a key through the caller's function or the built-in one. Every failure becomes `key_unavailable`. */
export async function fetchKey(
  custom: FetchKey | undefined,
  request: KeyRequest,
): Promise<Awaited<ReturnType<FetchKey>>> {
  try {
    return await (custom ?? shared)(request);
  } catch (cause) {
    if (cause instanceof WebhookError) throw cause;
    throw new WebhookError(
      "key_unavailable",
      `The verification key could not be fetched from ${request.url ?? request.provider}. Check outbound HTTPS access.`,
      { provider: request.provider },
      { cause },
    );
  }
}

/** Throws `certificate_untrusted` unless the URL is plain HTTPS on a host that `host` matches completely. */
export function requireTrustedUrl(address: string, host: RegExp, provider: string): string {
  let url: URL | undefined;
  try {
    url = new URL(address);
  } catch {
    // An invalid URL is rejected like a foreign host.
  }
  const plain = url?.protocol === "https:" && url.port === "" && url.username === "" && url.password === "";
  if (url !== undefined && plain && host.test(url.hostname)) return url.href;
  throw new WebhookError(
    "certificate_untrusted",
    `The request names a key URL that does not belong to ${provider}. It is forged or comes from another system.`,
    { provider },
  );
}

function requireUrl(request: KeyRequest): string {
  if (request.url !== undefined) return request.url;
  throw new WebhookError(
    "key_unavailable",
    `${request.provider} publishes its keys through an authenticated API. Pass publicKeys, or a fetchKey that calls it.`,
    { provider: request.provider },
  );
}

async function download(url: string, options: KeyFetcherOptions): Promise<string> {
  const response = await (options.fetch ?? fetch)(url, {
    redirect: "error",
    signal: AbortSignal.timeout((options.timeoutSeconds ?? 5) * 1000),
  });
  if (!response.ok || response.body === null) throw new Error(`The key server responded with HTTP ${response.status}.`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = response.body.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    chunks.push(read.value);
    size += read.value.length;
    if (size > MAX_BYTES) {
      await reader.cancel();
      throw new Error("The response of the key server is larger than 256 KiB.");
    }
  }
  const text = decodeUtf8(concatBytes(chunks));
  if (text === undefined) throw new Error("The response of the key server is not UTF-8 text.");
  return text;
}
