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
    const { limits } = this.#ledger.run!.settings;
    const { inFlight } = this.#ledger;
    if (inFlight >= limits.concurrency) {
      this.#verdict.broken("caps", `${inFlight + 1} requests in flight, of ${limits.concurrency}`);
    }
    if (endpoint.inFlight >= limits.endpointConcurrency) {
      const text = `${endpoint.inFlight + 1} requests to ${endpoint.host} in flight, of ${limits.endpointConcurrency}`;
      this.#verdict.broken("caps", text);
    }
  }
}
