/** Result of a simulation. */
import type { Ledger } from "./ledger.ts";
import type { Violation } from "./verdict.ts";

export interface SimulationResult {
  readonly seed: number;
  readonly violation: Violation | null;
  /** Hash of the log, the same for two runs of a seed. */
  readonly digest: number;
  readonly events: number;
  readonly messages: number;
  readonly deliveries: number;
  readonly requests: number;
  /** Requests without a stored outcome, because their process ended or lost the shard. */
  readonly lost: number;
  readonly processes: number;
  /** Number of machines, each with one process. */
  readonly nodes: number;
}

/** Counts from the ledger. */
export function countsOf(ledger: Ledger): Pick<SimulationResult, "deliveries" | "requests" | "lost"> {
  const deliveries = [...ledger.deliveries()];
  return {
    deliveries: deliveries.length,
    requests: deliveries.reduce((sum, delivery) => sum + delivery.requests, 0),
    lost: deliveries.reduce((sum, delivery) => sum + delivery.lost, 0),
  };
}
