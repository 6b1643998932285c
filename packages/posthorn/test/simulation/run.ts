/** Settings and runs of simulated processes. */
import type { DispatchLimits } from "../../src/dispatch/types.ts";
import type { MachineClock } from "./machine-clock.ts";

/** Settings with which a process is started. */
export interface Settings {
  readonly limits: DispatchLimits;
  readonly endpointConcurrency: number;
  readonly retrySchedule: readonly number[];
  readonly requestTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
  /** How long a process may use an outdated policy if it missed the notification: until the database can be read again. */
  readonly staleMs: number;
}

/** One run of a process, from its start to its end. */
export interface Run {
  readonly number: number;
  readonly settings: Settings;
  /** Number of its machine. */
  readonly machine: number;
  readonly clock: MachineClock;
  /** Start time in elapsed milliseconds. */
  readonly startedAt: number;
}
