/** Requests of drivers that read a URL, and the interpretation of their responses. */
import { createHash } from "node:crypto";
import { type Cursor, SourceFailure, type SourceHost, type SourceResponse } from "../driver.ts";
import { linesOf } from "../kinds/request-fields.ts";

export interface RequestConfig {
  readonly url: string;
  readonly auth: "none" | "basic" | "bearer";
  readonly username: string | null;
  readonly password: string | null;
  readonly token: string | null;
  readonly headers: string | null;
}

/** Validators of the last response. Part of the cursor. */
export interface Validators {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

export function validatorsOf(cursor: Cursor | null): Validators {
  return { etag: textOr(cursor?.["etag"]), lastModified: textOr(cursor?.["lastModified"]) };
}

export function validatorsIn({ headers }: SourceResponse): Validators {
  return { etag: headers.get("etag") ?? null, lastModified: headers.get("last-modified") ?? null };
}

const NO_VALIDATORS: Validators = { etag: null, lastModified: null };

/** Headers of a request, with credentials and, for a conditional request, validators. */
export function headersOf(
  config: RequestConfig,
  { accept, validators = null }: { readonly accept: string; readonly validators?: Validators | null },
): readonly string[] {
  const own = linesOf(config.headers).map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()] as const;
  });
  const named = new Set(own.map(([name]) => name.toLowerCase()));
  const headers = own.flat();
  if (!named.has("accept")) headers.push("accept", accept);
  if (!named.has("user-agent")) headers.push("user-agent", "Posthorn");
  if (config.auth === "basic") {
    const credentials = Buffer.from(`${config.username ?? ""}:${config.password ?? ""}`).toString("base64");
    headers.push("authorization", `Basic ${credentials}`);
  }
  if (config.auth === "bearer") headers.push("authorization", `Bearer ${config.token ?? ""}`);
  const { etag, lastModified } = validators ?? NO_VALIDATORS;
  if (etag !== null) headers.push("if-none-match", etag);
  if (lastModified !== null) headers.push("if-modified-since", lastModified);
  return headers;
}

/** Throws unless the response is a success or says that nothing has changed. */
export function requireSuccess(response: SourceResponse, now: number): void {
  const { status } = response;
  if ((status >= 200 && status <= 299) || status === 304) return;
  const retryAfterMs = retryAfterOf(response, now);
  const message = `The server responded HTTP ${status}.`;
  if (status === 401 || status === 403) {
    throw new SourceFailure("credentials_refused", message, {
      hint: "Check the credentials of the source.",
      retryAfterMs,
    });
  }
  if (status === 404 || status === 410) {
    throw new SourceFailure("target_not_found", message, { hint: "Check the URL of the source.", retryAfterMs });
  }
  if (status === 429) {
    throw new SourceFailure("rate_limited", message, { hint: "Poll less often.", retryAfterMs });
  }
  if (status >= 500) throw new SourceFailure("target_unavailable", message, { retryAfterMs });
  throw new SourceFailure("target_refused", message, {
    hint: "Check the URL and the fields of the source.",
    retryAfterMs,
  });
}

/** Longest pause that a server can ask for. */
const MAX_RETRY_AFTER_MS = 86_400_000;

function retryAfterOf({ headers }: SourceResponse, now: number): number | null {
  const text = headers.get("retry-after");
  if (text === undefined) return null;
  const ms = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : null;
}

/** Target of the first link with this relation in the `Link` headers (RFC 8288); `null`: there is none. */
export function linkWith({ headers, url }: SourceResponse, rel: string): string | null {
  for (const [, target, parameters] of (headers.get("link") ?? "").matchAll(/<([^>]*)>([^<]*)/g)) {
    const relations = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i.exec(parameters ?? "");
    const names = (relations?.[1] ?? relations?.[2] ?? "").toLowerCase().split(/\s+/);
    if (names.includes(rel)) return URL.parse(target!, url)?.href ?? null;
  }
  return null;
}

/** Most documents that are read are smaller. */
export const MAX_DOCUMENT_BYTES = 8 * 1024 * 1024;

export async function get(
  host: SourceHost,
  config: RequestConfig,
  options: { readonly accept: string; readonly validators: Validators | null },
): Promise<SourceResponse> {
  const response = await host.send({
    method: "GET",
    url: config.url,
    headers: headersOf(config, options),
    body: null,
    maxResponseBytes: MAX_DOCUMENT_BYTES,
  });
  requireSuccess(response, host.now());
  return response;
}

/** Short hash, to recognise bodies and IDs. */
export function shortHash(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("base64url").slice(0, 16);
}

/** IDs that were seen, newest last. */
export class SeenIds {
  readonly #hashes: Set<string>;

  constructor(cursor: Cursor | null) {
    const seen = cursor?.["seen"];
    this.#hashes = new Set(Array.isArray(seen) ? seen.filter((hash) => typeof hash === "string") : []);
  }

  has(id: string): boolean {
    return this.#hashes.has(shortHash(id));
  }

  /** The IDs of one read were seen again, so they are the last to be forgotten. */
  add(ids: readonly string[]): void {
    for (const id of ids) {
      const hash = shortHash(id);
      this.#hashes.delete(hash);
      this.#hashes.add(hash);
    }
  }

  /** At least `atLeast` IDs, so that everything in the document that was just read is remembered. */
  toCursor(atLeast: number): readonly string[] {
    return [...this.#hashes].slice(-Math.min(MAX_SEEN, Math.max(MIN_SEEN, 2 * atLeast)));
  }
}

const MIN_SEEN = 1000;
const MAX_SEEN = 8000;

function textOr(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
