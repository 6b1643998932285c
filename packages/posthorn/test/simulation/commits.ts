/** Commits of the simulated database, and the processes that make them. */
import type { Fences } from "./cluster/fences.ts";
import type { Life } from "./virtual-time.ts";

/** A commit that was made. */
export interface Commit {
  /** The run of the process that made it. */
  readonly run: number;
  /** When it was made, in elapsed milliseconds. */
  readonly at: number;
  /** When its response arrived, in elapsed milliseconds; `null`: not yet. */
  answeredAt: number | null;
  /** Whether the response confirmed it. */
  confirmed: boolean;
  /**
   * When all threads of its process had applied its signals, in elapsed milliseconds; `null`: not yet. Absent: it is not a transaction of one
   * of several threads.
   */
  toldAt?: number | null;
}

/** Called for each commit of one connection when it is made. */
export type CommitWatcher = (commit: Commit) => void;

/** A process as the database knows it. */
export interface Client {
  readonly life: Life;
  /** Owner of its requests in the database, which continue while the process is frozen. */
  readonly serverLife: Life;
  readonly run: number;
  readonly machine: number;
  /** `null`: no other node uses the database, and its failures are those of a disk. */
  readonly fences: Fences | null;
}
