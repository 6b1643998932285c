/** What the parts of the dispatcher share, and the methods that they call on each other. */
import type { JobBuffer } from "./job-buffer.ts";
import type { Lane } from "./lane.ts";
import type { LaneTimers } from "./timers.ts";
import type { Clock, DispatchObserver, JobStore } from "./types.ts";
import type { Position } from "../store/delivery.ts";

export interface Engine {
  readonly store: JobStore;
  readonly clock: Clock;
  readonly observer: DispatchObserver | undefined;
  readonly buffer: JobBuffer;
  readonly timers: LaneTimers;
  /** `false` once a stop has been requested. */
  isRunning: boolean;
  /** Whether the policy of the lane is known. If it must be read first, the lane continues once it has been. */
  isReady(lane: Lane): boolean;
  /**
   * Called when the store has, or may have, a job that the lane does not know.
   * @param from Position from which the job may be due; absent: anywhere.
   */
  checkStore(lane: Lane, from?: Position): void;
  /** Loads due jobs of a lane from the store, up to the room it has. */
  loadPage(lane: Lane): void;
  /** Drops the lane's jobs from memory and continues at that time. */
  suspend(lane: Lane, until: number): void;
  /** Queues a lane that may have a job to start. */
  enqueue(lane: Lane): void;
  /** Starts attempts in fair order until a limit is reached. */
  pump(): void;
  /** Reports that a read failed, which is tried again. After a stop, which does not wait for reads, the store may be closed. */
  readFailed(error: unknown): void;
  /** Drops a lane that has nothing to do. */
  dropIfIdle(lane: Lane): void;
}

/** Positions before and after everything in the store. */
export const EVERYWHERE: Position = { due: -1, messageId: -1 };
export const NOWHERE: Position = { due: Number.MAX_SAFE_INTEGER, messageId: Number.MAX_SAFE_INTEGER };
