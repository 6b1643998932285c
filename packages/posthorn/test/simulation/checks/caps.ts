/** How much is in flight to one endpoint at once, how much starts in a second, and how many retries are under way. */
import type { Check } from "../check.ts";
import type { Ledger } from "../ledger.ts";
import type { Run } from "../run.ts";
import type { OpenAttempt, RequestedAttempt, TrackedDelivery, TrackedEndpoint } from "../tracked.ts";
import { policiesInForce } from "../policies.ts";
import type { Tenure } from "../tenure.ts";
import type { Verdict } from "../verdict.ts";

/** The clock of the product has whole milliseconds. */
const SECOND = 998;
/** Of two owners with clocks of their own, which run fast or slow. */
const SHARED_SECOND = 975;

export class CapsCheck implements Check {
  readonly #ledger: Ledger;
  readonly #verdict: Verdict;
  readonly #retries = new Set<OpenAttempt>();
  /** When attempts began that led to a request, by endpoint, as the clock of its owner counts. */
  readonly #begun = new Map<TrackedEndpoint, { tenure: Tenure; times: number[] }>();
  /** The same whoever the owner was, in elapsed milliseconds. */
  readonly #begunByAll = new Map<TrackedEndpoint, { run: Run; at: number }[]>();

  constructor({ ledger, verdict }: { ledger: Ledger; verdict: Verdict }) {
    this.#ledger = ledger;
    this.#verdict = verdict;
  }

  begun(_delivery: TrackedDelivery, attempt: OpenAttempt): void {
    if (attempt.job.attempts === 0 || attempt.job.trigger !== 0) return;
    for (const open of this.#retries) if (!this.#ledger.isRunning(open.run)) this.#retries.delete(open);
    this.#retries.add(attempt);
    const { retryConcurrency } = attempt.run.settings.limits;
    const underWay = [...this.#retries].filter(({ run }) => run === attempt.run).length;
    if (underWay <= retryConcurrency) return;
    this.#verdict.broken("caps", `${underWay} retries under way, of ${retryConcurrency}`);
  }

  ended(_delivery: TrackedDelivery, attempt: OpenAttempt): void {
    this.#retries.delete(attempt);
  }

  /** One more is about to be in flight. What is on its way for whoever had the lane before is not counted with it. */
  requested(endpoint: TrackedEndpoint, _messageId: number, made: RequestedAttempt | null): void {
    if (made === null) return;
    const { run, tenure, begunAt } = made.attempt;
    const policies = policiesInForce(this.#ledger, endpoint, { run, from: begunAt });
    const mostHere = Math.max(...policies.map(({ concurrency }) => concurrency));
    const inFlightHere = endpoint.inFlight.get(tenure) ?? 0;
    if (inFlightHere >= mostHere) {
      this.#verdict.broken("caps", `${inFlightHere + 1} requests to ${endpoint.host} in flight, of ${mostHere}`);
    }
    // What began in the second before may have had another one.
    const before = policiesInForce(this.#ledger, endpoint, { run, from: begunAt - 2 * SECOND });
    const rate = Math.max(...before.map((policy) => policy.rate ?? Infinity));
    this.#checkRate(endpoint, made.attempt, rate);
    this.#checkRateOfAll(endpoint, made.attempt, rate);
  }

  #checkRate(endpoint: TrackedEndpoint, { run, tenure, begunAt }: OpenAttempt, rate: number): void {
    let begun = this.#begun.get(endpoint);
    if (begun?.tenure !== tenure) this.#begun.set(endpoint, (begun = { tenure, times: [] }));
    // Of the second as its owner counts it.
    const at = run.clock.passedAt(begunAt);
    const since = Math.max(at - SECOND, run.clock.passedAt(run.clock.jumpedAt));
    begun.times = begun.times.filter((time) => time > since);
    begun.times.push(at);
    if (begun.times.length <= rate) return;
    this.#verdict.broken("rate", `${begun.times.length} attempts to ${endpoint.host} in a second, of ${rate}`);
  }

  /** A lane that goes from one owner to the next, also by a restart, gets no more for it; below one a second it may get one. */
  #checkRateOfAll(endpoint: TrackedEndpoint, { run, begunAt }: OpenAttempt, rate: number): void {
    const begun = (this.#begunByAll.get(endpoint) ?? []).filter(({ at }) => at > begunAt - SHARED_SECOND);
    begun.push({ run, at: begunAt });
    this.#begunByAll.set(endpoint, begun);
    // A clock that is set says nothing of how long ago something was.
    const counted = begun.filter(({ at }) => begun.every((other) => at > other.run.clock.jumpedAt));
    if (counted.length <= Math.max(1, rate)) return;
    this.#verdict.broken(
      "rate",
      `${counted.length} attempts to ${endpoint.host} in a second by all owners, of ${rate}`,
    );
  }
}
