/** Reads client ID metadata documents through the HTTP client that checks addresses, and caches them as long as their servers allow. */
import type { Egress } from "@posthorn/egress";
import { type ClientDescription, readDocument, refused } from "../domain/connected-client/document.ts";
import type { ClientDocuments } from "../domain/ports.ts";
import { boundedCache } from "../lib/bounded-cache.ts";
import { PosthornError } from "../lib/errors.ts";
import type { RateLimiter, RateLimits } from "../lib/rate-limiter.ts";

const TIMEOUT_MS = 5000;
const MAX_BYTES = 16_384;
const MAX_KEPT = 500;
/** A document is read again after this time, regardless of what its server allows. */
const MAX_KEPT_MS = 86_400_000;
/** The consent page and the decision read the document one after the other, and must see the same content. */
const MIN_KEPT_MS = 300_000;
const READS_PER_MINUTE = 20;

interface Kept {
  readonly description: ClientDescription;
  readonly until: number;
}

export interface ClientDocumentsOptions {
  readonly egress: Pick<Egress, "send">;
  readonly userAgent: string;
  readonly now: () => number;
  readonly rateLimits: RateLimits;
}

export class GuardedClientDocuments implements ClientDocuments {
  readonly #options: ClientDocumentsOptions;
  readonly #kept = boundedCache<string, Kept>(MAX_KEPT);
  /** By person. */
  readonly #reads: RateLimiter;

  constructor(options: ClientDocumentsOptions) {
    this.#options = options;
    this.#reads = options.rateLimits.limiter("client documents", READS_PER_MINUTE);
  }

  async fetch(url: string, person: number): Promise<ClientDescription> {
    const { now } = this.#options;
    const kept = this.#kept.get(url);
    if (kept !== undefined && kept.until > now()) return kept.description;
    if (!this.#reads.take(String(person)))
      throw new PosthornError("too_many_requests", "Too many clients were looked up. Try again in a minute.");
    const { text, maxAgeMs } = await this.#read(url);
    const description = readDocument(url, text);
    this.#kept.set(url, { description, until: now() + Math.min(MAX_KEPT_MS, Math.max(MIN_KEPT_MS, maxAgeMs)) });
    return description;
  }

  /** Does not follow redirects: the document must be at the URL of the client ID. */
  async #read(url: string): Promise<{ readonly text: string; readonly maxAgeMs: number }> {
    const result = await this.#options.egress.send({
      method: "GET",
      url,
      headers: ["user-agent", this.#options.userAgent, "accept", "application/json"],
      body: null,
      timeoutMs: TIMEOUT_MS,
      maxResponseBytes: MAX_BYTES,
      signal: new AbortController().signal,
    });
    if (result.kind === "error") throw refused(`The document at its client ID could not be read: ${result.message}`);
    const { status, body, headers } = result;
    if (status !== 200) throw refused(`The document at its client ID could not be read: HTTP ${status}.`);
    if (result.truncated) throw refused(`The document at its client ID has more than ${MAX_BYTES} bytes.`);
    if (result.bodyError !== undefined)
      throw refused(`The document at its client ID could not be read: ${result.bodyError.message}`);
    return { text: Buffer.from(body).toString("utf8"), maxAgeMs: maxAgeOf(headers) };
  }
}

/** @param headers Alternating names and values. */
function maxAgeOf(headers: readonly string[]): number {
  const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === "cache-control");
  const value = at === -1 ? "" : headers[at + 1]!;
  if (/\bno-(?:store|cache)\b/i.test(value)) return 0;
  return Number(/\bmax-age=(\d{1,9})/i.exec(value)?.[1] ?? 0) * 1000;
}
