/** Types for the steps of a background task. */
import type { Services } from "../context.ts";
import { type Task, type TaskData } from "./task.ts";
import type { Tx } from "../../store/tx.ts";

/** Outcome of a step. */
export interface StepResult {
  readonly data: TaskData;
  /** How the task ended with this step; `null` if it continues. */
  readonly end: "finished" | "failed" | "canceled" | null;
  /** Milliseconds until the next step. */
  readonly waitMs: number;
}

/** A planned step: what to write, or how long to wait. */
export type Step =
  | {
      readonly kind: "write";
      /** Work that must be on disk before `write` but is not part of its transaction. It may run again after a crash, so it must be idempotent. */
      readonly before?: () => Promise<void>;
      readonly write: (tx: Tx) => Promise<StepResult>;
    }
  | { readonly kind: "wait"; readonly waitMs: number };

/** Plans the next step. Does not write to the database. */
export type StepPlanner = (services: Services, task: Task) => Promise<Step>;
