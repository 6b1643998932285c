/** How much is in flight at once. */
import type { Check, Ledger, TrackedEndpoint } from "../ledger.ts";
import type { Verdict } from "../verdict.ts";

export class CapsCheck implements Check {
  readonly #ledger: Ledger;
  readonly #verdict: Verdict;

  constructor({ ledger, verdict }: { ledger: Ledger; verdict: Verdict }) {
    this.#ledger = ledger;
    this.#verdict = verdict;
  }

  /** One more is about to be in flight. */
  requested(endpoint: TrackedEndpoint): void {
    const { limits, endpointConcurrency } = this.#ledger.run!.settings;
    const { inFlight } = this.#ledger;
    const most = Math.min(limits.concurrency, limits.tenantConcurrency);
    if (inFlight >= most) this.#verdict.broken("caps", `${inFlight + 1} requests in flight, of ${most}`);
    if (endpoint.inFlight >= endpointConcurrency) {
      const text = `${endpoint.inFlight + 1} requests to ${endpoint.host} in flight, of ${endpointConcurrency}`;
      this.#verdict.broken("caps", text);
    }
  }
}
