/** Gives lanes their turns: starts attempts, one lane after the other, within what each of them and all together may have in flight. */
import type { Engine } from "./engine.ts";
import type { Flights } from "./flights.ts";
import type { Lane } from "./lane.ts";
import type { Slots } from "./concurrency-limiter.ts";
import type { LaneOwners } from "./types.ts";

/** Outcomes of one lane that may wait for the disk; more and the lane makes no further attempts. */
const MAX_RECORDING = 512;

export interface TurnsOptions {
  readonly engine: Engine;
  readonly slots: Slots;
  readonly flights: Flights;
  readonly owners: LaneOwners;
}

export class Turns {
  readonly #options: TurnsOptions;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** Starts attempts as long as there is room for more in flight. */
  pump(): void {
    const { engine, slots, flights } = this.#options;
    if (!engine.isRunning()) return;
    while (flights.mayStart) {
      const lane = slots.next();
      if (lane === undefined) return;
      if (this.#step(lane)) engine.join(lane);
      else slots.passOn(lane);
      if (lane.spilled && engine.shelf.isHalfEmpty(lane)) engine.page(lane);
    }
  }

  /** Starts the next job of a lane, or sees to it that the lane comes back when it can. Returns whether it started one. */
  #step(lane: Lane): boolean {
    const { engine } = this.#options;
    const now = engine.clock.now();
    const pace = lane.pace!;
    // Its policy brings it back.
    if (lane.stale) return false;
    if (lane.held || lane.gone || lane.ready === 0 || lane.isPaused(now)) return false;
    const heldUntil = pace.heldUntil(now);
    if (heldUntil > now) {
      engine.setAside(lane, heldUntil);
      return false;
    }
    // The end of one of its attempts brings it back.
    if (lane.inFlight >= pace.concurrency || lane.recording >= MAX_RECORDING) return false;
    const readyAt = pace.readyAt(now);
    if (readyAt > now) {
      engine.agenda.resumeAt(lane, readyAt);
      return false;
    }
    return this.#startNext(lane, now);
  }

  #startNext(lane: Lane, now: number): boolean {
    const { engine, slots, flights, owners } = this.#options;
    // `goOn` brings the lane back, or it goes for good.
    const lease = owners.lease(lane.endpointId);
    if (lease === null) return false;
    const claim = slots.claimFor(lane, now);
    if (claim === null) return false;
    const job = engine.shelf.take(lane, slots.retriesFree);
    if (job === undefined) {
      if (lane.ready > 0) slots.waitForRetries(lane);
      engine.dropIfIdle(lane);
      return false;
    }
    flights.start(lane, job, { claim, lease });
    return true;
  }
}
