/** Policies that the simulation sets, and the values in force, computed from the stored rows independently of the product. */
import type { TrackedEndpoint } from "./tracked.ts";
import type { Run, Settings } from "./run.ts";
import type { Ledger } from "./ledger.ts";
import type { Random } from "./random.ts";

/** Policy of an endpoint, as far as it is checked. */
export interface ExpectedPolicy {
  readonly concurrency: number;
  /** Attempts per second; `null`: unlimited. */
  readonly rate: number | null;
  /** Minimum and maximum delay after this many attempts, in milliseconds; `null`: no retry follows. */
  readonly delay: (attempts: number) => readonly [number, number] | null;
  /** Effect of a failure on later deliveries; `null`: there is no order. */
  readonly order: { readonly onFailure: "block" | "skip" | "park"; readonly maxBlockMs: number | null } | null;
  /** `null`: there is none. */
  readonly breaker: { readonly failures: number; readonly windowMs: number; readonly probeMs: number } | null;
}

/** Default jitter: share of a delay that is added at random. */
const JITTER = 0.2;

interface StoredPolicy {
  readonly limits?: { readonly concurrency?: number; readonly ratePerSecond?: number };
  readonly retry?: {
    readonly backoff: { readonly type: string; readonly delays?: number[]; readonly jitter?: number; first?: number };
  };
  readonly breaker?: { readonly enabled?: boolean };
  readonly order?: { by: string; onFailure: "block" | "skip" | "park"; maxBlockSeconds: number };
}

/** The changes that callers make. Each section is set as a whole. */
export function somePolicy(random: Random): object {
  return random.pick<() => object>([
    () => ({ limits: { timeoutMs: random.pick([5000, 15_000, 30_000]), concurrency: random.int(1, 4) } }),
    () => ({ limits: { timeoutMs: 15_000, ratePerSecond: random.pick([1, 2, 5]) } }),
    () => ({ limits: null }),
    () => ({ retry: { backoff: { type: "schedule", delays: [3, 60, 600], jitter: random.pick([0, 0.5]) } } }),
    () => ({ retry: { backoff: EXPONENTIAL } }),
    () => ({ retry: null }),
    () => ({ order: someOrder(random) }),
    () => ({ breaker: { enabled: random.chance(0.5) } }),
  ])();
}

/** How an endpoint keeps messages in order. */
export function someOrder(random: Random): object {
  const by = random.pick(["none", "endpoint", "key", "key"]);
  const onFailure = random.pick(["block", "block", "skip", "park"]);
  return { by, onFailure, maxBlockSeconds: random.pick([0, 60, 3600, 86_400]) };
}

const EXPONENTIAL = { type: "exponential", first: 2, factor: 4, max: 900, attempts: 6 } as const;

/**
 * Every policy that may be in force for a process since `from`, in elapsed milliseconds: the newest that it knew then, and later ones. No
 * attempt starts under an older one, unless the caller that changed it received an error.
 */
export function policiesInForce(
  ledger: Ledger,
  endpoint: TrackedEndpoint,
  { run, from }: { readonly run: Run; readonly from: number },
): ExpectedPolicy[] {
  const { policies } = endpoint;
  const { settings } = run;
  const first = policies.findLastIndex(
    ({ commit }) => ledger.knowsSettings(commit, run, from) || commit.at <= from - settings.staleMs,
  );
  return policies.slice(Math.max(0, first)).map(({ json }) => expectedPolicy(json, settings));
}

/** Whether the circuit breaker was turned off since then: everything is attempted again. */
export function breakerWentOff({ policies }: TrackedEndpoint, settings: Settings, since: number): boolean {
  return policies.some(({ json, commit }) => commit.at >= since && expectedPolicy(json, settings).breaker === null);
}

function expectedPolicy(json: string | null, settings: Settings): ExpectedPolicy {
  const { limits = {}, retry, breaker, order } = (json === null ? {} : JSON.parse(json)) as StoredPolicy;
  const { concurrency = Infinity, ratePerSecond = 0 } = limits;
  const enabled = breaker?.enabled ?? true;
  return {
    concurrency: Math.min(settings.endpointConcurrency, concurrency),
    rate: ratePerSecond === 0 ? null : ratePerSecond,
    delay: retry === undefined ? scheduled(settings.retrySchedule, JITTER) : delayOf(retry.backoff),
    order: order === undefined || order.by === "none" ? null : orderOf(order),
    breaker: enabled ? { failures: 10, windowMs: 30_000, probeMs: 30_000 } : null,
  };
}

function orderOf({ onFailure, maxBlockSeconds }: NonNullable<StoredPolicy["order"]>): ExpectedPolicy["order"] {
  return { onFailure, maxBlockMs: maxBlockSeconds === 0 ? null : maxBlockSeconds * 1000 };
}

function delayOf({ type, delays = [], jitter = JITTER }: NonNullable<StoredPolicy["retry"]>["backoff"]) {
  if (type === "exponential") return exponential;
  return scheduled(
    delays.map((seconds) => seconds * 1000),
    jitter,
  );
}

function scheduled(delays: readonly number[], jitter: number): ExpectedPolicy["delay"] {
  return (attempts) => {
    const delay = delays[attempts - 1];
    return delay === undefined ? null : [delay, delay * (1 + jitter) + 1];
  };
}

function exponential(attempts: number): readonly [number, number] | null {
  const { first, factor, max } = EXPONENTIAL;
  if (attempts >= EXPONENTIAL.attempts) return null;
  return [0, 1000 * Math.min(max, first * factor ** (attempts - 1)) + 1];
}
