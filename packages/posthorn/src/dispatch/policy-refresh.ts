/** Sees to it that a lane follows the policy of its endpoint as it is now, and that nothing is started before that is known. */
import type { Engine } from "./engine.ts";
import type { Lane } from "./lane.ts";
import type { Lanes } from "./lanes.ts";
import { Line } from "./ordered-queue.ts";
import { FIRST_PAUSE_MS } from "./recorder.ts";

export class Readiness {
  readonly #lanes: Lanes;
  readonly #engine: Engine;

  constructor(lanes: Lanes, engine: Engine) {
    this.#lanes = lanes;
    this.#engine = engine;
  }

  /**
   * Whether the policy of the lane is known; when it must be waited for, the lane is looked at once it is. One that is known already
   * holds until a newer one has been read, unless the lane was woken since.
   */
  isReady(lane: Lane): boolean {
    if (!lane.awaitsPolicy) {
      const asked = this.#lanes.refresh(lane, () => this.#engine.clock.now());
      if (asked === null) return this.#settle(lane);
      lane.awaitsPolicy = true;
      void this.#await(lane, asked, lane.wakes);
    }
    return lane.pace !== null && !lane.stale;
  }

  #settle(lane: Lane): true {
    lane.stale = false;
    this.#settleOrder(lane);
    return true;
  }

  /** Follows a policy that begins or ends an order, or turns it round. Deliveries in memory are found again in the store. */
  #settleOrder(lane: Lane): void {
    const { order, newestFirst } = lane.pace!.policy;
    const isSame = (order === null) === (lane.line === null);
    if (isSame && newestFirst === lane.newestFirst) return;
    if (lane.inMemory > 0) lane.spilled = true;
    this.#engine.shelf.spill(lane);
    if (!isSame) lane.line = order === null ? null : new Line();
    lane.newestFirst = newestFirst;
  }

  async #await(lane: Lane, asked: Promise<boolean>, wakes: number): Promise<void> {
    const engine = this.#engine;
    try {
      const isNew = await asked;
      lane.awaitsPolicy = false;
      // Woken meanwhile: it may have changed after it was read.
      if (lane.wakes === wakes) lane.stale = false;
      this.#settleOrder(lane);
      // It may let go what the one before held.
      if (isNew || lane.stale) engine.lookAt(lane);
      else if (lane.spilled) engine.page(lane);
      else engine.dropIfIdle(lane);
    } catch (error) {
      lane.awaitsPolicy = false;
      engine.observer?.trouble?.("page", error);
      lane.spilled = true;
      engine.agenda.pause(lane, FIRST_PAUSE_MS);
    }
  }
}
