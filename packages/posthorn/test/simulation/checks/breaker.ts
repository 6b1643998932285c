/** Checks that an endpoint that requested a wait, or keeps failing, receives only probes. */
import type { Check } from "../check.ts";
import type { Ledger } from "../ledger.ts";
import type { OpenAttempt, RequestedAttempt, TrackedDelivery, TrackedEndpoint } from "../tracked.ts";
import { breakerWentOff, policiesInForce } from "../policies.ts";
import type { Settings } from "../run.ts";
import type { Ownership } from "../ownership.ts";
import type { Verdict } from "../verdict.ts";
import type { VirtualTime } from "../virtual-time.ts";

/** Health of an endpoint according to the results of attempts, per owner of its lane. */
interface FailureStreak {
  readonly ownership: Ownership;
  /** Wall clock until which it requested a wait. */
  waitUntil: number;
  /** When it last requested a wait, in elapsed milliseconds. */
  waitRequestedAt: number;
  /** How long that wait is, in milliseconds. */
  waitMs: number;
  /** Failures in a row, and the wall clock at the first and last of them. */
  failures: number;
  firstAt: number;
  lastAt: number;
  /** One of them requested a specific wait. */
  requestedWait: boolean;
  /** Start of the last attempt that sent a request while the circuit must have been open, in elapsed milliseconds. */
  probedAt: number;
}

/** Attempts in flight when the circuit opened fail afterwards, and do not count. */
const STRAGGLERS = 8;
/** Time after which every sender knows about a change. */
const CHANGED_MS = 60_000;

export class BreakerCheck implements Check {
  readonly #ledger: Ledger;
  readonly #time: VirtualTime;
  readonly #verdict: Verdict;
  readonly #streaks = new Map<TrackedEndpoint, FailureStreak>();

  constructor({ ledger, time, verdict }: { ledger: Ledger; time: VirtualTime; verdict: Verdict }) {
    this.#ledger = ledger;
    this.#time = time;
    this.#verdict = verdict;
  }

  ended({ endpoint }: TrackedDelivery, { ownership, result, endedAt }: OpenAttempt): void {
    if (result?.kind !== "made" || this.#ledger.ownershipOf(endpoint.id) !== ownership) return;
    const { status, responseCode } = result.attempt;
    const { retryAfterMs } = result;
    if (status === 0) {
      this.#streaks.delete(endpoint);
      return;
    }
    let streak = this.#streaks.get(endpoint);
    if (streak?.ownership !== ownership) {
      streak = {
        ownership,
        waitUntil: 0,
        waitRequestedAt: 0,
        waitMs: 0,
        failures: 0,
        firstAt: endedAt,
        lastAt: endedAt,
        requestedWait: false,
        probedAt: -Infinity,
      };
      this.#streaks.set(endpoint, streak);
    }
    streak.failures++;
    streak.lastAt = endedAt;
    if (responseCode === 429 || responseCode === 503) streak.requestedWait = true;
    if (retryAfterMs === null) return;
    streak.waitUntil = Math.max(streak.waitUntil, endedAt + retryAfterMs);
    streak.waitRequestedAt = this.#time.elapsed;
    streak.waitMs = streak.waitUntil - endedAt;
  }

  requested(endpoint: TrackedEndpoint, _messageId: number, made: RequestedAttempt | null): void {
    const streak = this.#streaks.get(endpoint);
    const open = made?.attempt;
    if (streak === undefined || open === undefined || streak.ownership !== open.ownership) return;
    const { elapsed } = this.#time;
    const { clock } = open.run;
    const { wall } = clock;
    // A clock that is set back shows an earlier time after the whole wait.
    const hasWaited = clock.passedAt(elapsed) - clock.passedAt(streak.waitRequestedAt) >= streak.waitMs;
    // It may have started before the endpoint requested the wait.
    const isEarly = open.begunAt > streak.waitRequestedAt && wall < streak.waitUntil && !hasWaited;
    const isChanged = elapsed - endpoint.changedAt < CHANGED_MS;
    // A change of the policy may request a probe. What the endpoint requests then replaces its earlier request.
    const isForgiven = isEarly && (isChanged || isRepaired(endpoint, streak, open.run.settings));
    // A wait that is over does not lengthen the next one, even if the clock was set back meanwhile.
    if (isForgiven || hasWaited) streak.waitUntil = 0;
    if (isChanged) return;
    // The clock may be set back between its start and its request.
    if (isEarly && !isForgiven && open.begunAt === elapsed) {
      const early = streak.waitUntil - wall;
      this.#verdict.broken("breaker", `${endpoint.host} received a request ${early} ms before the time it requested`);
    }
    if (!streak.requestedWait) this.#checkProbe(endpoint, streak, open.begunAt);
  }

  #checkProbe(endpoint: TrackedEndpoint, streak: FailureStreak, begunAt: number): void {
    const { run } = streak.ownership;
    // Since the previous attempt, which may have had another policy.
    const from = Math.min(begunAt, Math.max(streak.probedAt, 0));
    const [policy, ...others] = policiesInForce(this.#ledger, endpoint, { run, from });
    const breaker = policy?.breaker ?? null;
    if (breaker === null || others.length > 0) return;
    if (streak.failures < breaker.failures + STRAGGLERS || streak.lastAt - streak.firstAt < breaker.windowMs) return;
    const { clock } = run;
    const { jumpedAt } = clock;
    const gap = clock.passedAt(begunAt - Math.max(streak.probedAt, jumpedAt));
    if (streak.probedAt > jumpedAt && gap < breaker.probeMs) {
      const text = `${endpoint.host} failed ${streak.failures} times in a row and is attempted again after ${gap} ms`;
      this.#verdict.broken("breaker", text);
    }
    streak.probedAt = begunAt;
  }
}

/** A change of an endpoint requests a probe of the next delivery, however late that comes and whatever was requested before. */
function isRepaired(endpoint: TrackedEndpoint, { waitRequestedAt }: FailureStreak, settings: Settings): boolean {
  const { answeredAt } = endpoint.repair;
  return (answeredAt !== null && answeredAt >= waitRequestedAt) || breakerWentOff(endpoint, settings, waitRequestedAt);
}
