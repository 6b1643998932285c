import type { Tone } from "../components/badge.tsx";

export type TaskState = "running" | "paused" | "finished" | "failed" | "canceled";

export const TASK_TONES: Readonly<Record<TaskState, Tone>> = {
  running: "info",
  paused: "warn",
  finished: "good",
  failed: "bad",
  canceled: "neutral",
};
