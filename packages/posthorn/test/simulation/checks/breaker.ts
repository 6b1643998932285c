/** Checks that an endpoint that asked to wait, or keeps failing, receives only probes. */
import type { Check } from "../check.ts";
import type { Ledger } from "../ledger.ts";
import type { OpenAttempt, RequestedAttempt, TrackedDelivery, TrackedEndpoint } from "../tracked.ts";
import { breakerWentOff, policiesInForce } from "../policies.ts";
import type { Settings } from "../run.ts";
import type { Ownership } from "../ownership.ts";
import type { Verdict } from "../verdict.ts";
import type { VirtualTime } from "../virtual-time.ts";

/** Health of an endpoint according to the results of attempts, per owner of its lane. */
interface Trouble {
  readonly ownership: Ownership;
  /** Wall clock until which it asked to wait. */
  askedUntil: number;
  /** When it last asked, in elapsed milliseconds. */
  askedAt: number;
  /** How long it asked to wait then, in milliseconds. */
  waitMs: number;
  /** Failures in a row, and the wall clock at the first and last of them. */
  failures: number;
  firstAt: number;
  lastAt: number;
  /** One of them asked for a specific wait. */
  asked: boolean;
  /** When the last attempt started that sent a request while the circuit must have been open, in elapsed milliseconds. */
  probedAt: number;
}

/** Attempts in flight when the circuit opened fail afterwards, and do not count. */
const STRAGGLERS = 8;
/** Time after which every sender knows a change. */
const CHANGED_MS = 60_000;

export class BreakerCheck implements Check {
  readonly #ledger: Ledger;
  readonly #time: VirtualTime;
  readonly #verdict: Verdict;
  readonly #trouble = new Map<TrackedEndpoint, Trouble>();

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
      this.#trouble.delete(endpoint);
      return;
    }
    let trouble = this.#trouble.get(endpoint);
    if (trouble?.ownership !== ownership) {
      trouble = {
        ownership,
        askedUntil: 0,
        askedAt: 0,
        waitMs: 0,
        failures: 0,
        firstAt: endedAt,
        lastAt: endedAt,
        asked: false,
        probedAt: -Infinity,
      };
      this.#trouble.set(endpoint, trouble);
    }
    trouble.failures++;
    trouble.lastAt = endedAt;
    if (responseCode === 429 || responseCode === 503) trouble.asked = true;
    if (retryAfterMs === null) return;
    trouble.askedUntil = Math.max(trouble.askedUntil, endedAt + retryAfterMs);
    trouble.askedAt = this.#time.elapsed;
    trouble.waitMs = trouble.askedUntil - endedAt;
  }

  requested(endpoint: TrackedEndpoint, _messageId: number, made: RequestedAttempt | null): void {
    const trouble = this.#trouble.get(endpoint);
    const open = made?.attempt;
    if (trouble === undefined || open === undefined || trouble.ownership !== open.ownership) return;
    const { elapsed } = this.#time;
    const { clock } = open.run;
    const { wall } = clock;
    // A clock that is set back shows an earlier time after the whole wait.
    const hasWaited = clock.passedAt(elapsed) - clock.passedAt(trouble.askedAt) >= trouble.waitMs;
    // It may have started before the endpoint asked.
    const isEarly = open.begunAt > trouble.askedAt && wall < trouble.askedUntil && !hasWaited;
    const isChanged = elapsed - endpoint.changedAt < CHANGED_MS;
    // A change of the policy may request a probe. What the endpoint asks for then replaces what it asked for before.
    const isForgiven = isEarly && (isChanged || isRepaired(endpoint, trouble, open.run.settings));
    if (isForgiven) trouble.askedUntil = 0;
    if (isChanged) return;
    // The clock may be set back between its start and its request.
    if (isEarly && !isForgiven && open.begunAt === elapsed) {
      const early = trouble.askedUntil - wall;
      this.#verdict.broken("breaker", `${endpoint.host} received a request ${early} ms before the time it asked for`);
    }
    if (!trouble.asked) this.#checkProbe(endpoint, trouble, open.begunAt);
  }

  #checkProbe(endpoint: TrackedEndpoint, trouble: Trouble, begunAt: number): void {
    const { run } = trouble.ownership;
    // Since the previous attempt, which may have had another policy.
    const from = Math.min(begunAt, Math.max(trouble.probedAt, 0));
    const [policy, ...others] = policiesInForce(this.#ledger, endpoint, { run, from });
    const breaker = policy?.breaker ?? null;
    if (breaker === null || others.length > 0) return;
    if (trouble.failures < breaker.failures + STRAGGLERS || trouble.lastAt - trouble.firstAt < breaker.windowMs) return;
    const { clock } = run;
    const { jumpedAt } = clock;
    const gap = clock.passedAt(begunAt - Math.max(trouble.probedAt, jumpedAt));
    if (trouble.probedAt > jumpedAt && gap < breaker.probeMs) {
      const text = `${endpoint.host} failed ${trouble.failures} times in a row and is attempted again after ${gap} ms`;
      this.#verdict.broken("breaker", text);
    }
    trouble.probedAt = begunAt;
  }
}

/** A change of an endpoint requests a probe of the next delivery, however late that comes and whatever was asked for before. */
function isRepaired(endpoint: TrackedEndpoint, { askedAt }: Trouble, settings: Settings): boolean {
  const { answeredAt } = endpoint.repair;
  return (answeredAt !== null && answeredAt >= askedAt) || breakerWentOff(endpoint, settings, askedAt);
}
