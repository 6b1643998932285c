/** How much is under way at once: in all, for one application, and to one host, over all endpoints and ports there. */
import type { Check } from "../check.ts";
import type { Run } from "../run.ts";
import type { OpenAttempt, TrackedDelivery, TrackedEndpoint } from "../tracked.ts";
import { UnderWay } from "../under-way.ts";
import type { Verdict } from "../verdict.ts";

export class SharesCheck implements Check {
  readonly #verdict: Verdict;
  readonly #underWay = new UnderWay();

  constructor({ verdict }: { verdict: Verdict }) {
    this.#verdict = verdict;
  }

  begun({ endpoint }: TrackedDelivery, { run }: OpenAttempt): void {
    for (const [name, most] of sharesOf(endpoint, run)) {
      const underWay = this.#underWay.count(run, name, 1);
      if (underWay > most) this.#verdict.broken("caps", `${underWay} attempts under way ${name}, of ${most}`);
    }
  }

  ended({ endpoint }: TrackedDelivery, { run }: OpenAttempt): void {
    for (const [name] of sharesOf(endpoint, run)) this.#underWay.count(run, name, -1);
  }
}

/** What an attempt counts for, and how many there may be. */
function sharesOf({ host, tenant }: TrackedEndpoint, run: Run): readonly (readonly [string, number])[] {
  const { concurrency, tenantConcurrency, hostConcurrency } = run.settings.limits;
  return [
    ["in all", concurrency],
    [`for application ${tenant}`, tenantConcurrency],
    [`to ${hostnameOf(host)}`, hostConcurrency],
  ];
}

/** Less the port. */
export function hostnameOf(host: string): string {
  return host.split(":", 1)[0]!;
}
