/** How much is in flight at once, and how much starts in a second. */
import type { Check, Ledger, OpenAttempt, RequestedAttempt, TrackedDelivery, TrackedEndpoint } from "../ledger.ts";
import { policiesInForce } from "../policies.ts";
import type { Tenure } from "../tenure.ts";
import type { Verdict } from "../verdict.ts";
import type { VirtualTime } from "../virtual-time.ts";

/** The clock of the product has whole milliseconds. */
const SECOND = 998;

export class CapsCheck implements Check {
  readonly #ledger: Ledger;
  readonly #time: VirtualTime;
  readonly #verdict: Verdict;
  readonly #retries = new Set<OpenAttempt>();
  /** When attempts began that led to a request, in elapsed milliseconds, by endpoint. */
  readonly #begun = new Map<TrackedEndpoint, { tenure: Tenure; times: number[] }>();

  constructor({ ledger, time, verdict }: { ledger: Ledger; time: VirtualTime; verdict: Verdict }) {
    this.#ledger = ledger;
    this.#time = time;
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
    const { run, tenure } = made.attempt;
    const { limits } = run.settings;
    const inFlight = this.#ledger.inFlightOf(run);
    const most = Math.min(limits.concurrency, limits.tenantConcurrency);
    if (inFlight >= most) this.#verdict.broken("caps", `${inFlight + 1} requests in flight, of ${most}`);
    const policies = policiesInForce(endpoint, run.settings, this.#time.elapsed);
    const mostHere = Math.max(...policies.map(({ concurrency }) => concurrency));
    const inFlightHere = endpoint.inFlight.get(tenure) ?? 0;
    if (inFlightHere >= mostHere) {
      this.#verdict.broken("caps", `${inFlightHere + 1} requests to ${endpoint.host} in flight, of ${mostHere}`);
    }
    const rate = Math.max(...policies.map((policy) => policy.rate ?? Infinity));
    this.#checkRate(endpoint, made.attempt, rate);
  }

  #checkRate(endpoint: TrackedEndpoint, { run, tenure, begunAt }: OpenAttempt, rate: number): void {
    let begun = this.#begun.get(endpoint);
    if (begun?.tenure !== tenure) this.#begun.set(endpoint, (begun = { tenure, times: [] }));
    const since = Math.max(begunAt - SECOND, run.clock.jumpedAt);
    begun.times = begun.times.filter((time) => time > since);
    begun.times.push(begunAt);
    if (begun.times.length <= rate) return;
    this.#verdict.broken("rate", `${begun.times.length} attempts to ${endpoint.host} in a second, of ${rate}`);
  }
}
