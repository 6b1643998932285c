/** Keeps each lane on the current policy of its endpoint, and starts nothing before that policy is known. */
import type { Engine } from "./engine.ts";
import type { Lane } from "./lane.ts";
import type { Lanes } from "./lanes.ts";
import { FIRST_PAUSE_MS } from "./recorder.ts";

export class PolicyRefresh {
  readonly #lanes: Lanes;
  readonly #engine: Engine;

  constructor(lanes: Lanes, engine: Engine) {
    this.#lanes = lanes;
    this.#engine = engine;
  }

  /**
   * Whether the policy of the lane is known. If it has to be read first, the lane continues once it was. A known policy stays in force until
   * a newer one was read, unless the lane was woken since.
   */
  isReady(lane: Lane): boolean {
    if (!lane.isPolicyRequested) {
      const requested = this.#lanes.refresh(lane, () => this.#engine.clock.now());
      if (requested === null) {
        lane.policyArrived(lane.wakes);
        this.#applyOrder(lane);
        return true;
      }
      lane.policyRequested();
      void this.#await(lane, requested, lane.wakes);
    }
    return lane.hasPolicy && !lane.isPolicyStale;
  }

  /** Follows a policy that starts, ends or reverses an order. Jobs in memory are found again in the store. */
  #applyOrder(lane: Lane): void {
    const { policy } = lane.control;
    if (lane.isOrderedAs(policy)) return;
    if (lane.jobs.size > 0) lane.noteMoreInStore();
    this.#engine.buffer.spill(lane);
    lane.orderAs(policy);
  }

  async #await(lane: Lane, requested: Promise<boolean>, wakes: number): Promise<void> {
    const engine = this.#engine;
    try {
      const isNew = await requested;
      lane.policyArrived(wakes);
      this.#applyOrder(lane);
      // A new policy may allow what the one before did not.
      if (isNew || lane.isPolicyStale) engine.checkStore(lane);
      else if (lane.hasMoreInStore) engine.loadPage(lane);
      else engine.dropIfIdle(lane);
    } catch (error) {
      lane.policyFailed();
      engine.observer?.trouble?.("page", error);
      lane.noteMoreInStore();
      engine.timers.pause(lane, FIRST_PAUSE_MS);
    }
  }
}
