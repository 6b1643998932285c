/** Whether everything that waits is found by somebody. */
import type { Check, Ledger, TrackedDelivery } from "../ledger.ts";
import type { Receiver } from "../receivers.ts";
import type { Verdict } from "../verdict.ts";
import type { VirtualTime } from "../virtual-time.ts";

/** After so much time without trouble, nothing may be due for so long. Longer than any pause and any backlog of the simulation. */
const PATIENCE_MS = 4 * 3_600_000;
/** A line moves on within this time once it can. */
const LINE_MS = 10 * 60_000;

export class ProgressCheck implements Check {
  readonly #ledger: Ledger;
  readonly #time: VirtualTime;
  readonly #verdict: Verdict;
  readonly #receivers: ReadonlyMap<string, Receiver>;
  readonly #calmSince: () => number;

  /** `calmSince`: when process, database and clock were in trouble the last time, in elapsed milliseconds. */
  constructor(world: {
    ledger: Ledger;
    time: VirtualTime;
    verdict: Verdict;
    receivers: ReadonlyMap<string, Receiver>;
    calmSince: () => number;
  }) {
    this.#ledger = world.ledger;
    this.#time = world.time;
    this.#verdict = world.verdict;
    this.#receivers = world.receivers;
    this.#calmSince = world.calmSince;
  }

  sampled(): void {
    const { elapsed, wall } = this.#time;
    if (this.#ledger.run === null || elapsed - this.#calmSince() < PATIENCE_MS) return;
    for (const delivery of this.#ledger.live) {
      if (delivery.row.due! > wall - PATIENCE_MS || !this.#takes(delivery) || this.#waitsInLine(delivery)) continue;
      const hours = (wall - delivery.row.due!) / 3_600_000;
      this.#verdict.broken(
        "found_again",
        `${delivery.name} is due for ${hours.toFixed(1)} h, and nothing stands in its way`,
      );
    }
  }

  finished(): void {
    for (const delivery of this.#ledger.deliveries()) {
      const { row, name, open, requests, rows, lost } = delivery;
      if (row.due !== null || row.state === 0) {
        this.#verdict.broken("found_again", `${name} is not at its end (state ${row.state}, due ${row.due})`);
      }
      if (open !== null || requests !== rows + lost) {
        const text = `${name}: ${requests} requests, ${rows} attempts on disk, ${lost} lost with a process`;
        this.#verdict.broken("nothing_lost", text);
      }
    }
  }

  /** Behind one that is tried again later, or one of many of which one at a time is sent. */
  #waitsInLine({ endpoint, messageId, row: { orderKey } }: TrackedDelivery): boolean {
    if (orderKey === null) return false;
    const { elapsed, wall } = this.#time;
    if (elapsed - endpoint.requestedAt < LINE_MS) return true;
    for (const { endpoint: where, messageId: id, row } of this.#ledger.live) {
      if (where !== endpoint || id >= messageId || row.orderKey !== orderKey) continue;
      if (row.due! > wall && (row.passAt === null || row.passAt > wall - LINE_MS)) return true;
    }
    return false;
  }

  #takes({ endpoint }: TrackedDelivery): boolean {
    const { elapsed } = this.#time;
    const healthySince = this.#receivers.get(endpoint.host)!.healthySince(elapsed);
    if (endpoint.disabled || healthySince === null) return false;
    return elapsed - Math.max(healthySince, endpoint.changedAt) >= PATIENCE_MS;
  }
}
