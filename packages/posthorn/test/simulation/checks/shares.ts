/** Checks the attempts in flight: in total, per application, and per host over all of its endpoints and ports. */
import type { Check } from "../check.ts";
import type { Run } from "../run.ts";
import type { OpenAttempt, RequestedAttempt, TrackedDelivery, TrackedEndpoint } from "../tracked.ts";
import { AttemptsInFlight } from "../attempts-in-flight.ts";
import type { Verdict } from "../verdict.ts";

export class SharesCheck implements Check {
  readonly #verdict: Verdict;
  readonly #attemptsInFlight = new AttemptsInFlight();
  /** Attempts in flight that count for their application and their host. */
  readonly #placed = new WeakSet<OpenAttempt>();

  constructor({ verdict }: { verdict: Verdict }) {
    this.#verdict = verdict;
  }

  begun({ endpoint }: TrackedDelivery, attempt: OpenAttempt): void {
    const { run } = attempt;
    this.#count(run, "in all", run.settings.limits.concurrency);
    // Deliveries of a deleted endpoint belong to no application and go nowhere, unless their process does not know yet. A request shows that.
    if (!endpoint.deleted) this.#place(endpoint, attempt);
  }

  requested(endpoint: TrackedEndpoint, _messageId: number, made: RequestedAttempt | null): void {
    if (made === null || made.attempt.result !== null || this.#placed.has(made.attempt)) return;
    this.#place(endpoint, made.attempt);
  }

  ended({ endpoint }: TrackedDelivery, attempt: OpenAttempt): void {
    const { run } = attempt;
    this.#attemptsInFlight.count(run, "in all", -1);
    if (!this.#placed.delete(attempt)) return;
    for (const [name] of placesOf(endpoint, run)) this.#attemptsInFlight.count(run, name, -1);
  }

  #place(endpoint: TrackedEndpoint, attempt: OpenAttempt): void {
    const { run } = attempt;
    this.#placed.add(attempt);
    for (const [name, most] of placesOf(endpoint, run)) this.#count(run, name, most);
  }

  #count(run: Run, name: string, most: number): void {
    const inFlight = this.#attemptsInFlight.count(run, name, 1);
    if (inFlight > most) this.#verdict.broken("caps", `${inFlight} attempts in flight ${name}, limit ${most}`);
  }
}

/** A limit that an attempt counts against. */
function placesOf({ host, tenant }: TrackedEndpoint, run: Run): readonly (readonly [string, number])[] {
  const { tenantConcurrency, hostConcurrency } = run.settings.limits;
  return [
    [`for application ${tenant}`, tenantConcurrency],
    [`to ${hostnameOf(host)}`, hostConcurrency],
  ];
}

/** Without the port. */
export function hostnameOf(host: string): string {
  return host.split(":", 1)[0]!;
}
