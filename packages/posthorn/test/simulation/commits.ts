/** Commits of the simulated database, and the processes that make them. */
import type { Fences } from "./cluster/fences.ts";
import type { Life } from "./virtual-time.ts";

/** A commit that was made. */
export interface Commit {
  /** The run of the process that made it. */
  readonly run: number;
  /** When it was made, in elapsed milliseconds. */
  readonly at: number;
  /** When its answer came, in elapsed milliseconds; `null` while it is under way. */
  answeredAt: number | null;
  /** Whether the answer said that it was made. */
  confirmed: boolean;
}

/** Told of each commit of one connection, at the moment it is made. */
export type CommitWatcher = (commit: Commit) => void;

/** A process as the database knows it. */
export interface Client {
  readonly life: Life;
  /** Of what it has asked the database: that goes on while the process stands still. */
  readonly serverLife: Life;
  readonly run: number;
  readonly machine: number;
  /** `null`: no other node uses the database, and it fails as a disk does. */
  readonly fences: Fences | null;
}
