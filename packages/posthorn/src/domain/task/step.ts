/** One step of a background task, and what comes of it. */
import type { Services } from "../context.ts";
import { type Task, type TaskData } from "./task.ts";
import type { Tx } from "../../store/tx.ts";

/** What comes of a step. */
export interface StepResult {
  readonly data: TaskData;
  /** How the task ended with this step; `null` when there is more to do. */
  readonly end: "finished" | "failed" | "canceled" | null;
  /** Milliseconds until the next step. */
  readonly waitMs: number;
}

/** A step that was planned: what to write, or for how long there is nothing to do. */
export type Step =
  | {
      readonly kind: "write";
      /** What goes to the disk another way and must be there before the write: done again after a crash, it changes nothing. */
      readonly before?: () => Promise<void>;
      readonly write: (tx: Tx) => Promise<StepResult>;
    }
  | { readonly kind: "wait"; readonly waitMs: number };

/** Looks for what is to be done next. Writes nothing. */
export type StepPlanner = (services: Services, task: Task) => Promise<Step>;
