/** Processes: what each is started with, and one run of each. */
import type { DispatchLimits } from "../../src/dispatch/types.ts";
import type { MachineClock } from "./machine-clock.ts";

/** What a process is started with. */
export interface Settings {
  readonly limits: DispatchLimits;
  readonly endpointConcurrency: number;
  readonly retrySchedule: readonly number[];
  readonly requestTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
  /** A policy of whose change a process was not told may be used for so long: until the database can be read again. */
  readonly staleMs: number;
}

/** One run of a process, from its start to its end. */
export interface Run {
  readonly number: number;
  readonly settings: Settings;
  /** Of the machine that it is on. */
  readonly machine: number;
  readonly clock: MachineClock;
  /** In elapsed milliseconds. */
  readonly startedAt: number;
}
