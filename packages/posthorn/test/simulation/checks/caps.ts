/** Checks concurrency and rate of each endpoint, and the number of retries in flight. */
import { Begins } from "../attempt-starts.ts";
import type { Check } from "../check.ts";
import type { Ledger } from "../ledger.ts";
import type { OpenAttempt, RequestedAttempt, TrackedDelivery, TrackedEndpoint } from "../tracked.ts";
import { policiesInForce } from "../policies.ts";
import type { Ownership } from "../ownership.ts";
import type { Verdict } from "../verdict.ts";

/** The clock of the product has a resolution of 1 ms. */
const SECOND = 998;
/** Tolerance for two owners whose clocks run fast or slow. */
const SHARED_SECOND = 975;

export class CapsCheck implements Check {
  readonly #ledger: Ledger;
  readonly #verdict: Verdict;
  readonly #retries = new Set<OpenAttempt>();
  /** Attempts that sent a request, by the owner of their endpoint when they started. */
  readonly #begun = new WeakMap<Ownership, Map<TrackedEndpoint, Begins>>();
  /** The same over all owners. */
  readonly #begunByAll = new Map<TrackedEndpoint, Begins>();

  constructor({ ledger, verdict }: { ledger: Ledger; verdict: Verdict }) {
    this.#ledger = ledger;
    this.#verdict = verdict;
  }

  begun(_delivery: TrackedDelivery, attempt: OpenAttempt): void {
    if (attempt.job.attempts === 0 || attempt.job.trigger !== 0) return;
    for (const open of this.#retries) if (!this.#ledger.isRunning(open.run)) this.#retries.delete(open);
    this.#retries.add(attempt);
    const { retryConcurrency } = attempt.run.settings.limits;
    const inFlight = [...this.#retries].filter(({ run }) => run === attempt.run).length;
    if (inFlight <= retryConcurrency) return;
    this.#verdict.broken("caps", `${inFlight} retries in flight, limit ${retryConcurrency}`);
  }

  ended(_delivery: TrackedDelivery, attempt: OpenAttempt): void {
    this.#retries.delete(attempt);
  }

  /** Another request is about to be in flight. Requests of an earlier owner of the lane do not count. */
  requested(endpoint: TrackedEndpoint, _messageId: number, made: RequestedAttempt | null): void {
    if (made === null) return;
    const { run, ownership, begunAt } = made.attempt;
    const policies = policiesInForce(this.#ledger, endpoint, { run, from: begunAt });
    const mostHere = Math.max(...policies.map(({ concurrency }) => concurrency));
    const inFlightHere = endpoint.inFlight.get(ownership) ?? 0;
    if (inFlightHere >= mostHere) {
      this.#verdict.broken("caps", `${inFlightHere + 1} requests to ${endpoint.host} in flight, limit ${mostHere}`);
    }
    // Attempts that started in the previous second may have had another rate.
    const before = policiesInForce(this.#ledger, endpoint, { run, from: begunAt - 2 * SECOND });
    const rate = Math.max(...before.map((policy) => policy.rate ?? Infinity));
    this.#checkRate(endpoint, made.attempt, rate);
  }

  /** A change of the owner, including a restart, allows no further attempts; with a rate below one per second it may allow one. */
  #checkRate(endpoint: TrackedEndpoint, { run, ownership, begunAt }: OpenAttempt, rate: number): void {
    const begin = { run, at: begunAt };
    // By the clock of the owner.
    const begun = this.#begunUnder(ownership, endpoint).add(begin, SECOND / run.clock.passedAt(1));
    if (begun > rate) this.#verdict.broken("rate", `${begun} attempts to ${endpoint.host} in a second, limit ${rate}`);
    const all = this.#begunByAll.get(endpoint) ?? new Begins();
    this.#begunByAll.set(endpoint, all);
    const byAll = all.add(begin, SHARED_SECOND);
    if (byAll <= Math.max(1, rate)) return;
    this.#verdict.broken("rate", `${byAll} attempts to ${endpoint.host} in a second by all owners, limit ${rate}`);
  }

  #begunUnder(ownership: Ownership, endpoint: TrackedEndpoint): Begins {
    const begun = this.#begun.get(ownership) ?? new Map<TrackedEndpoint, Begins>();
    this.#begun.set(ownership, begun);
    const begins = begun.get(endpoint) ?? new Begins();
    begun.set(endpoint, begins);
    return begins;
  }
}
