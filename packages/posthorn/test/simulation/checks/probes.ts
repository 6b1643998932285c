/** Checks that a requested probe of an endpoint is made at once. */
import { DELIVERY_STATE } from "../../../src/store/schema.ts";
import type { Check } from "../check.ts";
import type { Ledger } from "../ledger.ts";
import type { MachineClock } from "../machine-clock.ts";
import type { TrackedDelivery, TrackedEndpoint } from "../tracked.ts";
import type { Verdict } from "../verdict.ts";
import type { VirtualTime } from "../virtual-time.ts";

/** A probe is made within this time, even if hanging attempts use up the concurrency. */
const PROBE_MS = 180_000;
/** Deliveries that were due this long ago were known to the process. */
const NOTICE_MS = 10_000;

interface TriedWorld {
  readonly ledger: Ledger;
  readonly time: VirtualTime;
  readonly verdict: Verdict;
  readonly clocks: readonly MachineClock[];
  /** When a process, the database or a clock last had a fault, in elapsed milliseconds. */
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
      if (triedAt === null || time.elapsed - triedAt < PROBE_MS) continue;
      endpoint.triedAt = null;
      if (endpoint.requestedAt >= triedAt || !this.#isUndisturbed(endpoint, triedAt)) continue;
      const waiting = [...endpoint.deliveries.values()].find((delivery) => this.#waitedAt(delivery, triedAt));
      if (waiting === undefined) continue;
      verdict.broken(
        "resend_is_made",
        `${waiting.name} is due and a probe of its endpoint was requested, but none was made`,
      );
    }
  }

  /** Nothing else happened in between. */
  #isUndisturbed(endpoint: TrackedEndpoint, since: number): boolean {
    const { ledger, calmSince } = this.#world;
    const { disabled, deleted, pausedUntil, commit, id } = endpoint;
    const ownership = ledger.ownershipOf(id);
    if (disabled || deleted || pausedUntil > this.#wall - NOTICE_MS || ownership === null) return false;
    return Math.max(commit.at, calmSince(), ownership.since) < since - NOTICE_MS;
  }

  /** An ordered delivery may wait for another one. */
  #waitedAt({ row, open, commit }: TrackedDelivery, elapsed: number): boolean {
    const { state, due, orderKey } = row;
    if (state !== DELIVERY_STATE.pending || due === null || orderKey !== null || open !== null) return false;
    const wall = this.#wall - (this.#world.time.elapsed - elapsed);
    return commit.at < elapsed - NOTICE_MS && due < wall - NOTICE_MS;
  }

  /** By the slowest clock. */
  get #wall(): number {
    return Math.min(...this.#world.clocks.map((clock) => clock.wall));
  }
}
