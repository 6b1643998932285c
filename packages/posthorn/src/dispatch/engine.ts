/** What the parts of the dispatcher share, and what each can ask of the others. */
import type { Agenda } from "./agenda.ts";
import type { Lane } from "./lane.ts";
import type { Shelf } from "./job-buffer.ts";
import type { Clock, DispatchObserver, JobStore, Position } from "./types.ts";

export interface Engine {
  readonly store: JobStore;
  readonly clock: Clock;
  readonly observer: DispatchObserver | undefined;
  readonly shelf: Shelf;
  readonly agenda: Agenda;
  /** No stop was asked for. */
  isRunning(): boolean;
  /** Whether the policy of the lane is known; when it must be waited for, the lane is looked at once it is. */
  isReady(lane: Lane): boolean;
  /** There is, or may be, a job in the store that the lane does not know of. @param from Due from this place on; absent: anywhere. */
  lookAt(lane: Lane, from?: Position): void;
  /** Fetches due jobs of a lane from the store, into the room it has. */
  page(lane: Lane): void;
  /** The endpoint is left alone until then: nothing of it stays in memory. */
  setAside(lane: Lane, until: number): void;
  /** The lane may have a job to start: its turn comes. */
  join(lane: Lane): void;
  /** Starts attempts, one lane after the other, as long as there is room for more in flight. */
  pump(): void;
  /** Forgets a lane with nothing to do. */
  dropIfIdle(lane: Lane): void;
}

/** Places in the store: before and behind everything. */
export const EVERYWHERE: Position = { due: -1, messageId: -1 };
export const NOWHERE: Position = { due: Number.MAX_SAFE_INTEGER, messageId: Number.MAX_SAFE_INTEGER };
