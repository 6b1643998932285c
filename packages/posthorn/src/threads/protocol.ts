/** Messages between the main thread and the threads that it starts. */
import type { MessagePort } from "node:worker_threads";
import type { RawSettings } from "../config/env.ts";
import type { SqliteSeat } from "../store/sqlite/threads/seat.ts";
import type { MetricReading } from "../telemetry/types.ts";

/** Start data of a thread. */
export interface ThreadStart {
  readonly number: number;
  /** Settings of the process as texts: parsed ones cannot all be sent to another thread. */
  readonly settings: RawSettings;
  /** URL at which the main thread listens. */
  readonly url: string;
  /** Whether it accepts requests. */
  readonly listens: boolean;
  /** See `Siblings.process`. */
  readonly process: string;
  /** Whether the main thread collects metrics. */
  readonly counts: boolean;
  /** `null`: the thread opens its own store. */
  readonly seat: SqliteSeat | null;
  /** Channels to the other threads. */
  readonly siblings: readonly SiblingChannel[];
  /** See `compiledCodeFolder`. */
  readonly compiled: string | null;
}

export interface SiblingChannel {
  readonly thread: number;
  readonly port: MessagePort;
}

export type ToThread =
  | { readonly op: "sibling"; readonly sibling: SiblingChannel }
  | { readonly op: "metrics"; readonly id: number }
  /** Asks whether it responds. */
  | { readonly op: "ping" }
  | { readonly op: "stop" };

export type FromThread =
  | { readonly op: "sibling added"; readonly thread: number }
  /** The node of the thread is running. */
  | { readonly op: "running"; readonly nodeId: number }
  /** `nodeId`: `null` until its node runs. */
  | { readonly op: "pong"; readonly nodeId: number | null }
  | { readonly op: "metrics"; readonly id: number; readonly metrics: readonly MetricReading[] };
