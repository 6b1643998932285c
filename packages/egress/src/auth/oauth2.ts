import { createHash } from "node:crypto";
import type { Egress } from "../egress.ts";
import { EGRESS_ERRORS, EgressError } from "../errors.ts";
import type { EgressErrorCode } from "../errors.ts";
import { failedEarly } from "../failure.ts";
import { RecentMap } from "../collections.ts";
import type { EgressFailure, EgressRequest, EgressResult } from "../types.ts";

/** OAuth 2 client credentials (RFC 6749 section 4.4). The token endpoint is called through the same address guard. */
export interface OAuth2Auth {
  /** Always `oauth2`. */
  readonly type: "oauth2";
  /** URL of the token endpoint. */
  readonly tokenUrl: string;
  /** Client ID. */
  readonly clientId: string;
  /** Client secret. */
  readonly clientSecret: string;
  /** Requested scopes, separated by spaces. */
  readonly scope?: string;
  /** Value of the `audience` parameter, which some authorisation servers require. */
  readonly audience?: string;
  /** Where ID and secret are sent: the `Authorization` header (the default, RFC 6749 section 2.3.1) or the form. */
  readonly credentials?: "header" | "form";
}

/** Settings of the token cache. Times are in milliseconds. */
export interface TokenOptions {
  /** How long before its expiry a token is renewed; at most half its lifetime. Defaults to 30,000. */
  readonly skewMs?: number;
  /** Lifetime of a token whose response names none. Defaults to 300,000. */
  readonly defaultLifeMs?: number;
  /**
   * How long a failure is cached, so that a failing token endpoint is not called for every delivery. Defaults to
   * 5000.
   */
  readonly failureMs?: number;
  /** Maximum number of cached tokens. Defaults to 10,000. */
  readonly maxTokens?: number;
  /** Monotonic clock in milliseconds. Defaults to `performance.now`. */
  readonly now?: () => number;
}

/** A token, or the reason why there is none. */
export type TokenOutcome =
  | { readonly ok: true; readonly token: string; readonly cached: boolean }
  | { readonly ok: false; readonly failure: EgressFailure };

interface Entry {
  readonly outcome:
    | { readonly ok: true; readonly token: string }
    | { readonly ok: false; readonly failure: EgressFailure };
  readonly until: number;
}

const MAX_TOKEN_BYTES = 65_536;
/** Syntax of a Bearer token (RFC 6750 section 2.1). */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;

/**
 * Fetches, caches and renews tokens. Each client has at most one token request in progress, however many deliveries
 * wait for it.
 */
export class TokenCache {
  readonly #egress: Pick<Egress, "send">;
  readonly #options: Required<Omit<TokenOptions, "now">>;
  readonly #now: () => number;
  readonly #entries: RecentMap<Entry>;
  readonly #inFlight = new Map<string, Promise<Entry>>();

  constructor(egress: Pick<Egress, "send">, options: TokenOptions = {}) {
    this.#egress = egress;
    this.#now = options.now ?? (() => performance.now());
    this.#options = {
      skewMs: options.skewMs ?? 30_000,
      defaultLifeMs: options.defaultLifeMs ?? 300_000,
      failureMs: options.failureMs ?? 5000,
      maxTokens: options.maxTokens ?? 10_000,
    };
    this.#entries = new RecentMap(this.#options.maxTokens);
  }

  /** @param request Delivery that needs the token. Its rules, proxy, timeout and signal apply to the token request too. */
  async get(auth: OAuth2Auth, request: EgressRequest): Promise<TokenOutcome> {
    const key = keyOf(auth);
    const known = this.#entries.get(key);
    if (known !== undefined && this.#now() < known.until) {
      return known.outcome.ok ? { ...known.outcome, cached: true } : known.outcome;
    }
    let flight = this.#inFlight.get(key);
    const mine = flight === undefined;
    if (flight === undefined) {
      flight = this.#fetch(auth, request).finally(() => this.#inFlight.delete(key));
      this.#inFlight.set(key, flight);
    }
    const started = flight;
    if (mine) void started.then((entry) => this.#entries.set(key, entry));
    // The request that started the fetch may have a longer timeout than this one.
    const entry = await leaveInTime(started, request);
    if (entry === null) return gaveUp(request);
    return entry.outcome.ok ? { ...entry.outcome, cached: false } : entry.outcome;
  }

  /** Removes a token that the endpoint rejected, unless it has been replaced already. */
  drop(auth: OAuth2Auth, token: string): void {
    const entry = this.#entries.get(keyOf(auth));
    if (entry?.outcome.ok === true && entry.outcome.token === token) {
      this.#entries.set(keyOf(auth), { ...entry, until: Number.NEGATIVE_INFINITY });
    }
  }

  async #fetch(auth: OAuth2Auth, request: EgressRequest): Promise<Entry> {
    const startedAt = this.#now();
    const result = await this.#egress.send(tokenRequest(auth, request));
    const response = readToken(result);
    if (!response.ok) {
      // Failures on our side and canceled requests say nothing about the token endpoint, so they are not cached.
      const lasting = response.failure.fault === "target" || response.failure.fault === "refused";
      return { outcome: response, until: lasting ? this.#now() + this.#options.failureMs : Number.NEGATIVE_INFINITY };
    }
    const lifeMs = response.lifeMs ?? this.#options.defaultLifeMs;
    // Counted from before the request on our own clock, so the clock of the token endpoint does not matter.
    return {
      outcome: { ok: true, token: response.token },
      until: startedAt + lifeMs - Math.min(this.#options.skewMs, lifeMs / 2),
    };
  }
}

/** Waits for shared work, but not longer than the request may take. `null` when its timeout or signal came first. */
async function leaveInTime<T>(work: Promise<T>, { timeoutMs, signal }: EgressRequest): Promise<T | null> {
  const { promise, resolve } = Promise.withResolvers<null>();
  const leave = () => resolve(null);
  const timer = setTimeout(leave, timeoutMs);
  signal?.addEventListener("abort", leave, { once: true });
  if (signal?.aborted === true) leave();
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", leave);
  }
}

function gaveUp({ signal, timeoutMs }: EgressRequest): TokenOutcome {
  const error =
    signal?.aborted === true
      ? new EgressError("canceled", "the signal of the request was aborted")
      : new EgressError("auth_unavailable", `the timeout of ${timeoutMs} ms passed while waiting for a token`);
  return { ok: false, failure: failedEarly(error) };
}

function keyOf(auth: OAuth2Auth): string {
  const { tokenUrl, clientId, clientSecret, scope, audience, credentials } = auth;
  const parts = JSON.stringify([tokenUrl, clientId, clientSecret, scope, audience, credentials]);
  return createHash("sha256").update(parts).digest("base64");
}

function tokenRequest(auth: OAuth2Auth, request: EgressRequest): EgressRequest {
  const form = new URLSearchParams({ grant_type: "client_credentials" });
  if (auth.scope !== undefined) form.set("scope", auth.scope);
  if (auth.audience !== undefined) form.set("audience", auth.audience);
  const headers = ["content-type", "application/x-www-form-urlencoded", "accept", "application/json"];
  if (auth.credentials === "form") {
    form.set("client_id", auth.clientId);
    form.set("client_secret", auth.clientSecret);
  } else {
    headers.push(
      "authorization",
      `Basic ${Buffer.from(`${formEncode(auth.clientId)}:${formEncode(auth.clientSecret)}`).toString("base64")}`,
    );
  }
  return {
    method: "POST",
    url: auth.tokenUrl,
    headers,
    body: Buffer.from(form.toString()),
    timeoutMs: request.timeoutMs,
    maxResponseBytes: MAX_TOKEN_BYTES,
    ...(request.allow === undefined ? {} : { allow: request.allow }),
    ...(request.proxy === undefined ? {} : { proxy: request.proxy }),
  };
}

/** Form-encodes ID and secret before they are joined (RFC 6749 section 2.3.1). */
function formEncode(text: string): string {
  return new URLSearchParams({ "": text }).toString().slice(1);
}

type TokenResponse =
  | { readonly ok: true; readonly token: string; readonly lifeMs: number | null }
  | { readonly ok: false; readonly failure: EgressFailure };

function readToken(result: EgressResult): TokenResponse {
  if (result.kind === "error") {
    if (result.fault !== "target")
      return { ok: false, failure: { ...result, detail: `token endpoint: ${result.detail}` } };
    return failed("auth_unavailable", `token endpoint: ${result.code}: ${result.detail}`, result);
  }
  const fields = parseObject(result.body);
  if (result.status < 200 || result.status > 299) {
    const refused = result.status >= 400 && result.status < 500 && result.status !== 408 && result.status !== 429;
    const why = typeof fields["error"] === "string" ? ` ${fields["error"].slice(0, 100)}` : "";
    return failed(
      refused ? "auth_refused" : "auth_unavailable",
      `token endpoint: status ${result.status}${why}`,
      result,
    );
  }
  const { access_token: token, token_type: type, expires_in: life } = fields;
  if (typeof token !== "string" || !TOKEN.test(token))
    return failed("auth_unavailable", "token endpoint: no usable access_token", result);
  if (typeof type === "string" && type.toLowerCase() !== "bearer") {
    return failed("auth_unavailable", "token endpoint: the token type is not Bearer", result);
  }
  // Some authorisation servers send the number as text.
  const seconds = typeof life === "number" || typeof life === "string" ? Number(life) : Number.NaN;
  return { ok: true, token, lifeMs: Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null };
}

function parseObject(body: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(body).toString());
    return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function failed(code: EgressErrorCode, detail: string, { timings, peer }: EgressResult): TokenResponse {
  const { fault, message } = EGRESS_ERRORS[code];
  return { ok: false, failure: { kind: "error", code, fault, message, detail, timings, peer } };
}
