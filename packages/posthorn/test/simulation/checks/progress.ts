/** Checks that every due delivery is found and finishes. */
import type { Check } from "../check.ts";
import type { Ledger } from "../ledger.ts";
import type { TrackedDelivery } from "../tracked.ts";
import type { MachineClock } from "../machine-clock.ts";
import type { Receiver } from "../receivers.ts";
import type { Verdict } from "../verdict.ts";
import type { VirtualTime } from "../virtual-time.ts";
import type { WaitLimits } from "../spans.ts";

/**
 * An endpoint that received a request within this time is active: the time between two requests covers its rate, a pause after a fault on
 * our side, and a page that arrives late.
 */
const BUSY_MS = 15_000;

export class ProgressCheck implements Check {
  readonly #ledger: Ledger;
  readonly #time: VirtualTime;
  readonly #verdict: Verdict;
  readonly #receivers: ReadonlyMap<string, Receiver>;
  readonly #calmSince: () => number;
  readonly #wellSince: () => number;
  readonly #clocks: readonly MachineClock[];
  readonly #waitLimits: WaitLimits;

  /** @param world With `calmSince` and `wellSince` as in `CheckedWorld`. */
  constructor(world: {
    ledger: Ledger;
    time: VirtualTime;
    verdict: Verdict;
    receivers: ReadonlyMap<string, Receiver>;
    calmSince: () => number;
    wellSince: () => number;
    clocks: readonly MachineClock[];
    waitLimits: WaitLimits;
  }) {
    this.#ledger = world.ledger;
    this.#time = world.time;
    this.#verdict = world.verdict;
    this.#receivers = world.receivers;
    this.#calmSince = world.calmSince;
    this.#wellSince = world.wellSince;
    this.#clocks = world.clocks;
    this.#waitLimits = world.waitLimits;
  }

  sampled(): void {
    const { dueMs, queueMs } = this.#waitLimits;
    const wall = this.#wall;
    const { elapsed } = this.#time;
    if ([...this.#ledger.runs].length === 0) return;
    if (elapsed - this.#wellSince() >= queueMs) this.#sampleSetBack();
    if (elapsed - this.#calmSince() < dueMs) return;
    for (const delivery of this.#ledger.live) {
      if (!this.#isLongDue(delivery) || !this.#takes(delivery) || this.#waitsInLine(delivery)) continue;
      const minutes = (wall - delivery.row.due!) / 60_000;
      this.#verdict.broken(
        "found_again",
        `${delivery.name} is due for ${minutes.toFixed(0)} min, and nothing stands in its way`,
      );
    }
  }

  /** A first attempt without a delay does not wait until a clock that was set back shows its time again. */
  #sampleSetBack(): void {
    const { queueMs } = this.#waitLimits;
    for (const delivery of this.#ledger.live) {
      const { row, isImmediate, madeAt, name } = delivery;
      if (!isImmediate || row.manual !== 0 || row.due! <= this.#wall || this.#time.elapsed - madeAt < queueMs) continue;
      if (this.#takes(delivery) && !this.#waitsInLine(delivery)) {
        this.#verdict.broken("found_again", `${name} waits for a clock that was set back`);
      }
    }
  }

  finished(): void {
    for (const delivery of this.#ledger.deliveries()) {
      const { row, name, open, requests, rows, lost } = delivery;
      if (row.due !== null || row.state === 0) {
        this.#verdict.broken("found_again", `${name} is not finished (state ${row.state}, due ${row.due})`);
      }
      if (open !== null || requests !== rows + lost) {
        const text = `${name}: ${requests} requests, ${rows} attempts on disk, ${lost} lost with a process`;
        this.#verdict.broken("nothing_lost", text);
      }
    }
  }

  #isLongDue({ row, isImmediate, madeAt }: TrackedDelivery): boolean {
    const { dueMs } = this.#waitLimits;
    return isImmediate && row.manual === 0 ? this.#time.elapsed - madeAt >= dueMs : row.due! <= this.#wall - dueMs;
  }

  /** By the slowest clock. */
  get #wall(): number {
    return Math.min(...this.#clocks.map(({ wall }) => wall));
  }

  /** Waits for a delivery that is retried later, or is one of many that are sent one at a time. */
  #waitsInLine({ endpoint, messageId, row: { orderKey } }: TrackedDelivery): boolean {
    if (orderKey === null) return false;
    const { queueMs } = this.#waitLimits;
    const wall = this.#wall;
    if (this.#time.elapsed - endpoint.requestedAt < queueMs) return true;
    for (const other of this.#ledger.live) {
      const { endpoint: where, messageId: id, row } = other;
      if (where !== endpoint || id >= messageId || row.orderKey !== orderKey || other.isImmediate) continue;
      if (row.due! > wall && (row.passAt === null || row.passAt > wall - queueMs)) return true;
    }
    return false;
  }

  #takes({ endpoint }: TrackedDelivery): boolean {
    const { elapsed } = this.#time;
    const { dueMs, pauseMs } = this.#waitLimits;
    const healthySince = this.#receivers.get(endpoint.host)!.healthySince(elapsed);
    if (endpoint.disabled || healthySince === null || elapsed - endpoint.changedAt < dueMs) return false;
    // It processes a backlog at its rate.
    if (elapsed - endpoint.requestedAt < BUSY_MS) return false;
    // The circuit of an endpoint that never failed never opens.
    return healthySince === 0 || elapsed - healthySince >= pauseMs;
  }
}
