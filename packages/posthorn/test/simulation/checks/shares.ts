/** How much is under way at once: in all, for one application, and to one host, over all endpoints and ports there. */
import type { Check } from "../check.ts";
import type { Run } from "../run.ts";
import type { OpenAttempt, RequestedAttempt, TrackedDelivery, TrackedEndpoint } from "../tracked.ts";
import { UnderWay } from "../attempts-in-flight.ts";
import type { Verdict } from "../verdict.ts";

export class SharesCheck implements Check {
  readonly #verdict: Verdict;
  readonly #underWay = new UnderWay();
  /** Attempts under way that count for their application and their host. */
  readonly #placed = new WeakSet<OpenAttempt>();

  constructor({ verdict }: { verdict: Verdict }) {
    this.#verdict = verdict;
  }

  begun({ endpoint }: TrackedDelivery, attempt: OpenAttempt): void {
    const { run } = attempt;
    this.#count(run, "in all", run.settings.limits.concurrency);
    // What is owed to one that is gone is nobody's and goes nowhere, unless its process has not heard of that: a request shows it.
    if (!endpoint.deleted) this.#place(endpoint, attempt);
  }

  requested(endpoint: TrackedEndpoint, _messageId: number, made: RequestedAttempt | null): void {
    if (made === null || made.attempt.result !== null || this.#placed.has(made.attempt)) return;
    this.#place(endpoint, made.attempt);
  }

  ended({ endpoint }: TrackedDelivery, attempt: OpenAttempt): void {
    const { run } = attempt;
    this.#underWay.count(run, "in all", -1);
    if (!this.#placed.delete(attempt)) return;
    for (const [name] of placesOf(endpoint, run)) this.#underWay.count(run, name, -1);
  }

  #place(endpoint: TrackedEndpoint, attempt: OpenAttempt): void {
    const { run } = attempt;
    this.#placed.add(attempt);
    for (const [name, most] of placesOf(endpoint, run)) this.#count(run, name, most);
  }

  #count(run: Run, name: string, most: number): void {
    const underWay = this.#underWay.count(run, name, 1);
    if (underWay > most) this.#verdict.broken("caps", `${underWay} attempts under way ${name}, of ${most}`);
  }
}

/** What an attempt counts for beside all, and how many there may be. */
function placesOf({ host, tenant }: TrackedEndpoint, run: Run): readonly (readonly [string, number])[] {
  const { tenantConcurrency, hostConcurrency } = run.settings.limits;
  return [
    [`for application ${tenant}`, tenantConcurrency],
    [`to ${hostnameOf(host)}`, hostConcurrency],
  ];
}

/** Less the port. */
export function hostnameOf(host: string): string {
  return host.split(":", 1)[0]!;
}
