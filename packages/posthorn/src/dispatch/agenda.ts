/** When each lane has something to do next. One alarm rings for all of them; nothing polls. */
import { Alarm } from "./timers.ts";
import type { Lane } from "./lane.ts";
import type { Clock } from "./types.ts";

export class Agenda {
  readonly #clock: Clock;
  readonly #alarm: Alarm;
  #isOver = false;

  /**
   * @param ring Told of an endpoint whose time has come.
   * @param onSetBack Told that the clock was set back.
   */
  constructor(clock: Clock, ring: (endpointId: number) => void, onSetBack: (ms: number) => void) {
    this.#clock = clock;
    this.#alarm = new Alarm(clock, ring, onSetBack);
  }

  /** A row in the store will be due at `due`. */
  noteStored(lane: Lane, due: number): void {
    lane.noteStored(due);
    this.arm(lane);
  }

  /** Its rate or its breaker lets it go on then. */
  resumeAt(lane: Lane, at: number): void {
    lane.resumeAt = at;
    this.arm(lane);
  }

  /** It waits after a fault of our own. */
  pause(lane: Lane, ms: number): void {
    lane.pausedUntil = this.#clock.now() + ms;
    this.noteStored(lane, lane.pausedUntil);
  }

  arm(lane: Lane): void {
    const at = lane.alarmAt;
    if (at !== null && !this.#isOver && !lane.gone) this.#alarm.set(lane.endpointId, at);
  }

  forget(lane: Lane): void {
    this.#alarm.clear(lane.endpointId);
  }

  stop(): void {
    this.#isOver = true;
    this.#alarm.stop();
  }
}
