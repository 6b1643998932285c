/** Checks the memory of the dispatcher. */
import type { Check } from "../check.ts";
import type { Ledger } from "../ledger.ts";
import type { SimulatedNode } from "../node.ts";
import type { Verdict } from "../verdict.ts";

/** Maximum size of a job in the simulation: what the dispatcher counts for its fields, and its payload. */
const JOB_BYTES = 256 + 128;

export class MemoryCheck implements Check {
  readonly #ledger: Ledger;
  readonly #verdict: Verdict;
  readonly #nodes: () => readonly SimulatedNode[];

  constructor(world: { ledger: Ledger; verdict: Verdict; nodes: () => readonly SimulatedNode[] }) {
    this.#ledger = world.ledger;
    this.#verdict = world.verdict;
    this.#nodes = world.nodes;
  }

  stepped(): void {
    for (const node of this.#nodes()) this.#look(node);
  }

  finished(): void {
    for (const { dispatcher } of this.#nodes()) {
      const { inFlight, lanes, queuedBytes } = dispatcher.load;
      if (inFlight + lanes + queuedBytes === 0) continue;
      const text = `nothing is to be done, and yet ${inFlight} jobs, ${lanes} lanes, ${queuedBytes} bytes`;
      this.#verdict.broken("bounded_memory", text);
    }
  }

  #look({ dispatcher: { load }, run }: SimulatedNode): void {
    const { queueBytes, laneJobs } = run.settings.limits;
    const { endpoints } = this.#ledger;
    // Each lane has one job even when memory is short, and the last job that fits may exceed the limit.
    const bound = Math.min(queueBytes + (load.lanes + 1) * JOB_BYTES, load.lanes * laneJobs * JOB_BYTES);
    if (load.queuedBytes > bound) {
      this.#verdict.broken("bounded_memory", `${load.queuedBytes} bytes in ${load.lanes} lanes, limit ${bound}`);
    }
    if (load.queuedBytes < 0 || load.lanes > endpoints.size) {
      this.#verdict.broken("bounded_memory", `${load.queuedBytes} bytes, ${load.lanes} lanes`);
    }
  }
}
