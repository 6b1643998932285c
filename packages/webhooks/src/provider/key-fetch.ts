import { decodeUtf8, concatBytes } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import type { FetchKey, KeyRequest } from "./keys.ts";

/** How keys are fetched and kept. */
export interface KeyFetcherOptions {
  readonly fetch?: typeof fetch;
  readonly now?: () => number;
  /** How long a fetched key is used, in seconds. Defaults to 3600. */
  readonly maxAgeSeconds?: number;
  /** Deadline of one fetch, in seconds. Defaults to 5. */
  readonly timeoutSeconds?: number;
}

interface Entry {
  readonly text: Promise<string>;
  readonly since: number;
}

const MOST_BYTES = 256 * 1024;
const MOST_ENTRIES = 100;
const FRESH_GAP_MS = 60_000;

/**
 * A {@link FetchKey} over HTTPS that keeps what it fetched. The address comes from the request that is being verified:
 * schemes hand over only addresses on their allow-list, and a redirect away from there is an error.
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
    if (entries.size > MOST_ENTRIES) entries.delete(entries.keys().next().value!);
    try {
      return await entry.text;
    } catch (error) {
      if (entries.get(url) === entry) entries.delete(url);
      throw error;
    }
  };
}

const shared = /* @__PURE__ */ createKeyFetcher();

/** Fetches through the caller's function or the built-in one; every failure becomes `key_unavailable`. */
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
      `The key to verify with could not be fetched from ${request.url ?? request.provider}.`,
      { provider: request.provider },
      { cause },
    );
  }
}

/** Throws `certificate_untrusted` unless the address is plain HTTPS on a host that `host` matches in full. */
export function requireTrustedUrl(address: string, host: RegExp, provider: string): string {
  let url: URL | undefined;
  try {
    url = new URL(address);
  } catch {
    // Falls through to the same refusal as a foreign host.
  }
  const plain = url?.protocol === "https:" && url.port === "" && url.username === "" && url.password === "";
  if (url !== undefined && plain && host.test(url.hostname)) return url.href;
  throw new WebhookError(
    "certificate_untrusted",
    `The request names an address for its key that is not ${provider}'s. It is forged, or another system's.`,
    { provider },
  );
}

function requireUrl(request: KeyRequest): string {
  if (request.url !== undefined) return request.url;
  throw new WebhookError(
    "key_unavailable",
    `${request.provider} gives its keys through an authenticated API. Pass publicKeys, or a fetchKey that calls it.`,
    { provider: request.provider },
  );
}

async function download(url: string, options: KeyFetcherOptions): Promise<string> {
  const response = await (options.fetch ?? fetch)(url, {
    redirect: "error",
    signal: AbortSignal.timeout((options.timeoutSeconds ?? 5) * 1000),
  });
  if (!response.ok || response.body === null) throw new Error(`The key server answered ${response.status}.`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = response.body.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    chunks.push(read.value);
    size += read.value.length;
    if (size > MOST_BYTES) {
      await reader.cancel();
      throw new Error("The key server's answer is too long.");
    }
  }
  const text = decodeUtf8(concatBytes(chunks));
  if (text === undefined) throw new Error("The key server's answer is not text.");
  return text;
}
