/** Whether a replay does what it is told: stands still while it is paused, stays ended, and comes to its end when it goes on. */
import type { TaskState } from "../../../src/domain/task/task.ts";
import type { Change } from "../audit.ts";
import type { Check } from "../check.ts";
import type { Verdict } from "../verdict.ts";

export class ReplayCheck implements Check {
  readonly #verdict: Verdict;
  /** By the key of its task. */
  readonly #states = new Map<number, TaskState>();

  constructor(verdict: Verdict) {
    this.#verdict = verdict;
  }

  stateOf(taskId: number): TaskState | undefined {
    return this.#states.get(taskId);
  }

  /** Some have yet to come to their end. */
  get areRunning(): boolean {
    return [...this.#states.values()].includes("running");
  }

  /** @param commit All that was committed together: a step makes deliveries due and says so of its replay in one transaction. */
  committed({ taskId, state }: Change & { kind: "replay" }, commit: readonly Change[]): void {
    const before = this.#states.get(taskId) ?? "running";
    this.#states.set(taskId, state);
    const made = commit.find((change) => change.kind === "delivery");
    if (made !== undefined && before !== "running") {
      const text = `replay ${taskId} is ${before} and makes message ${made.messageId} due`;
      this.#verdict.broken("replay_held", text);
    }
    if (isEnd(before) && state !== before) {
      this.#verdict.broken("replay_held", `replay ${taskId} was ${before} and is now ${state}`);
    }
  }

  /** Whoever asked for it was told that this is how it stands now, and nobody asked for anything else since. */
  told(taskId: number, state: TaskState): void {
    const found = this.#states.get(taskId);
    if (found === state) return;
    this.#verdict.broken("replay_held", `somebody was told that replay ${taskId} is ${state}, and it is ${found}`);
  }

  finished(): void {
    for (const [taskId, state] of this.#states) {
      if (state === "running") this.#verdict.broken("replay_held", `replay ${taskId} is not at its end`);
    }
  }
}

function isEnd(state: TaskState): boolean {
  return state !== "running" && state !== "paused";
}
