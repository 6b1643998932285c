/** Names of the operations that a simulation performs. */
import type { ManualOperation } from "./manual-operations.ts";

const STEPS = ["begin_slow_replay", "pause_slow_replay", "resume_slow_replay", "cancel_slow_replay"] as const;
export type SlowReplayStep = (typeof STEPS)[number];

export function isOfSlowReplay(name: string): name is SlowReplayStep {
  return (STEPS as readonly string[]).includes(name);
}

const CHANGES = ["rotate_secret", "delete_application"] as const;
export type ChangeName = (typeof CHANGES)[number];

export function isChange(name: string): name is ChangeName {
  return (CHANGES as readonly string[]).includes(name);
}

export type OperationName =
  | "publish"
  /** One application publishes a lot at once. */
  | "crowd"
  | "resend"
  | "cancel"
  | "disable"
  | "enable"
  | "policy"
  | "recover"
  | "bulk_replay"
  | "replay_missing"
  | "delete_endpoint"
  | ManualOperation
  | SlowReplayStep
  | ChangeName
  /** Unblocks deliveries that wait for the retry of another one. */
  | "unblock_stuck";
