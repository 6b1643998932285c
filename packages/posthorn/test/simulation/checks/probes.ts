/** Whether an endpoint is tried at once when somebody wants it to be. */
import { DELIVERY_STATE } from "../../../src/store/schema.ts";
import type { Check } from "../check.ts";
import type { Ledger } from "../ledger.ts";
import type { MachineClock } from "../machine-clock.ts";
import type { TrackedDelivery, TrackedEndpoint } from "../tracked.ts";
import type { Verdict } from "../verdict.ts";
import type { VirtualTime } from "../virtual-time.ts";

/** It has its turn within this time, also when all places are taken by attempts that hang. */
const PATIENCE_MS = 180_000;
/** What was due so long before had been heard of. */
const HEARD_MS = 10_000;

interface TriedWorld {
  readonly ledger: Ledger;
  readonly time: VirtualTime;
  readonly verdict: Verdict;
  readonly clocks: readonly MachineClock[];
  /** When a process, the database or a clock was in trouble the last time, in elapsed milliseconds. */
  readonly calmSince: () => number;
}

export class TriedCheck implements Check {
  readonly #world: TriedWorld;

  constructor(world: TriedWorld) {
    this.#world = world;
  }

  stepped(): void {
    const { ledger, time, verdict } = this.#world;
    for (const endpoint of ledger.endpoints.values()) {
      const { triedAt } = endpoint;
      if (triedAt === null || time.elapsed - triedAt < PATIENCE_MS) continue;
      endpoint.triedAt = null;
      if (endpoint.requestedAt >= triedAt || !this.#isUndisturbed(endpoint, triedAt)) continue;
      const waiting = [...endpoint.deliveries.values()].find((delivery) => this.#waitedAt(delivery, triedAt));
      if (waiting === undefined) continue;
      verdict.broken("wish_kept", `${waiting.name} is due, somebody wanted the endpoint to be tried, and nobody did`);
    }
  }

  /** Nothing else came between. */
  #isUndisturbed(endpoint: TrackedEndpoint, since: number): boolean {
    const { ledger, calmSince } = this.#world;
    const { disabled, deleted, pausedUntil, commit, id } = endpoint;
    const tenure = ledger.tenureOf(id);
    if (disabled || deleted || pausedUntil > this.#wall - HEARD_MS || tenure === null) return false;
    return Math.max(commit.at, calmSince(), tenure.since) < since - HEARD_MS;
  }

  /** What stands in a line may wait for another one. */
  #waitedAt({ row, open, commit }: TrackedDelivery, elapsed: number): boolean {
    const { state, due, orderKey } = row;
    if (state !== DELIVERY_STATE.pending || due === null || orderKey !== null || open !== null) return false;
    const wall = this.#wall - (this.#world.time.elapsed - elapsed);
    return commit.at < elapsed - HEARD_MS && due < wall - HEARD_MS;
  }

  /** By the clock that is behind all others. */
  get #wall(): number {
    return Math.min(...this.#world.clocks.map((clock) => clock.wall));
  }
}
