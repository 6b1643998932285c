/** What the dispatcher keeps in memory. */
import type { Dispatcher } from "../../../src/dispatch/dispatcher.ts";
import type { Check, Ledger } from "../ledger.ts";
import type { Verdict } from "../verdict.ts";

/** The most that a job of the simulation weighs: what the dispatcher takes for its fields, and its payload. */
const JOB_BYTES = 256 + 128;

export class MemoryCheck implements Check {
  readonly #ledger: Ledger;
  readonly #verdict: Verdict;
  readonly #dispatcher: () => Dispatcher | null;

  constructor(world: { ledger: Ledger; verdict: Verdict; dispatcher: () => Dispatcher | null }) {
    this.#ledger = world.ledger;
    this.#verdict = world.verdict;
    this.#dispatcher = world.dispatcher;
  }

  stepped(): void {
    const load = this.#dispatcher()?.load;
    if (load === undefined || this.#ledger.run === null) return;
    const { queueBytes, laneJobs } = this.#ledger.run.settings.limits;
    const { endpoints } = this.#ledger;
    // Each lane has one job even when memory is short, and the last one to fit may stand over.
    const bound = Math.min(queueBytes + (load.lanes + 1) * JOB_BYTES, load.lanes * laneJobs * JOB_BYTES);
    if (load.queuedBytes > bound) {
      this.#verdict.broken("bounded_memory", `${load.queuedBytes} bytes in ${load.lanes} lanes, of ${bound}`);
    }
    if (load.queuedBytes < 0 || load.lanes > endpoints.size) {
      this.#verdict.broken("bounded_memory", `${load.queuedBytes} bytes, ${load.lanes} lanes`);
    }
  }

  finished(): void {
    const load = this.#dispatcher()?.load;
    if (load === undefined || load.inFlight + load.lanes + load.queuedBytes === 0) return;
    const { inFlight, lanes, queuedBytes } = load;
    const text = `nothing is to be done, and yet ${inFlight} jobs, ${lanes} lanes, ${queuedBytes} bytes`;
    this.#verdict.broken("bounded_memory", text);
  }
}
