/** Caches temporary credentials. Attempts that need the same ones share a single request. */
import { createHash } from "node:crypto";
import { boundedCache } from "../../lib/bounded-cache.ts";
import type { AuthContext, AuthRefusal, AuthUnreachable } from "./authorizer.ts";

export type TokenFailure = AuthRefusal | AuthUnreachable;

export interface IssuedToken<T> {
  readonly kind: "token";
  readonly token: T;
  /** How long the token is valid, in milliseconds from the start of its request. */
  readonly lifeMs: number;
}

type Outcome<T> = { readonly kind: "token"; readonly token: T } | TokenFailure;

interface Entry<T> {
  readonly outcome: Outcome<T>;
  /** By the monotonic clock. */
  readonly until: number;
}

/** Everything that a token depends on, secrets included. Kept only as a hash. */
export type TokenParts = readonly (string | null)[];

const MAX_TOKENS = 10_000;
/** A token is renewed this long before it expires, but at most half its lifetime before. */
const RENEWAL_MS = 5 * 60_000;
/** How long a refusal is remembered, so that a service that refuses the credentials is not called for every delivery. */
const REFUSAL_MS = 5000;

export class TokenCache<T> {
  readonly #entries = boundedCache<string, Entry<T>>(MAX_TOKENS);
  readonly #inProgress = new Map<string, Promise<Outcome<T>>>();
  readonly #monotonic: () => number;

  /** @param monotonic Clock in milliseconds that does not follow changes of the time of day. */
  constructor(monotonic: () => number = () => performance.now()) {
    this.#monotonic = monotonic;
  }

  /** @param fetch Gets the token by `context.send`. Must not reject. */
  async get(
    parts: TokenParts,
    context: AuthContext,
    fetch: () => Promise<IssuedToken<T> | TokenFailure>,
  ): Promise<Outcome<T>> {
    const key = keyOf(parts);
    const progressKey = `${key} ${context.network}`;
    const endsAt = this.#monotonic() + context.timeoutMs;
    for (;;) {
      const known = this.#entries.get(key);
      if (known !== undefined && this.#monotonic() < known.until) return known.outcome;
      const shared = this.#inProgress.get(progressKey);
      if (shared === undefined) return this.#start({ key, progressKey }, fetch);
      const outcome = await waitWithin(shared, context.signal, endsAt - this.#monotonic());
      if (outcome !== "attempt_ended") return outcome;
      // The attempt that sent the request was canceled or had less time. This one still has some, and sends its own.
      if (context.signal.aborted) return CANCELED;
      if (this.#monotonic() >= endsAt) return LATE;
    }
  }

  /** Forgets a token that its receiver rejected. Returns whether there was one. */
  drop(parts: TokenParts): boolean {
    const key = keyOf(parts);
    return this.#entries.peek(key)?.outcome.kind === "token" && this.#entries.delete(key);
  }

  #start(
    { key, progressKey }: { readonly key: string; readonly progressKey: string },
    fetch: () => Promise<IssuedToken<T> | TokenFailure>,
  ): Promise<Outcome<T>> {
    const startedAt = this.#monotonic();
    const outcome = fetch()
      .then((fetched) => this.#store(key, fetched, startedAt))
      .finally(() => this.#inProgress.delete(progressKey));
    this.#inProgress.set(progressKey, outcome);
    return outcome;
  }

  #store(key: string, fetched: IssuedToken<T> | TokenFailure, startedAt: number): Outcome<T> {
    if (fetched.kind === "token") {
      const { token, lifeMs } = fetched;
      const outcome = { kind: "token", token } as const;
      // Counted from before the request by our own clock, so that the clock of the issuer does not matter.
      this.#entries.set(key, { outcome, until: startedAt + lifeMs - Math.min(RENEWAL_MS, lifeMs / 2) });
      return outcome;
    }
    // No other result says anything about the credentials.
    if (fetched.kind === "closed") {
      this.#entries.set(key, { outcome: fetched, until: this.#monotonic() + REFUSAL_MS });
    }
    return fetched;
  }
}

/** Waits for the request of another attempt. `attempt_ended`: this attempt, or the other one, ended before there was a response. */
async function waitWithin<T>(
  shared: Promise<Outcome<T>>,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<Outcome<T> | "attempt_ended"> {
  const { promise, resolve } = Promise.withResolvers<"attempt_ended">();
  const leave = (): void => resolve("attempt_ended");
  const timer = setTimeout(leave, Math.max(0, timeoutMs));
  signal.addEventListener("abort", leave, { once: true });
  if (signal.aborted) leave();
  try {
    const outcome = await Promise.race([shared, promise]);
    return outcome !== "attempt_ended" && outcome.kind === "unreachable" && endsWithItsAttempt(outcome)
      ? "attempt_ended"
      : outcome;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", leave);
  }
}

function endsWithItsAttempt({ failure }: AuthUnreachable): boolean {
  return failure.fault === "canceled" || failure.code === "timeout" || failure.code === "connect_timeout";
}

const CANCELED: AuthUnreachable = {
  kind: "unreachable",
  failure: {
    kind: "error",
    code: "canceled",
    fault: "canceled",
    message: "The request was canceled.",
    detail: "canceled while waiting for a token",
    timings: {
      queueMs: 0,
      dnsMs: null,
      connectMs: null,
      tlsMs: null,
      waitMs: null,
      bodyMs: null,
      totalMs: 0,
      reused: false,
    },
    peer: null,
  },
};

const LATE: AuthRefusal = {
  kind: "retry",
  code: "target_unavailable",
  sentence: "The token service did not respond within the timeout of the endpoint.",
};

function keyOf(parts: TokenParts): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64");
}
