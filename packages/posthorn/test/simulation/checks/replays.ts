/** Checks replays: a paused one does nothing, a finished one stays finished, and a resumed one finishes. */
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

  /** Some are not finished. */
  get areRunning(): boolean {
    return [...this.#states.values()].includes("running");
  }

  /** @param commit Changes of one commit: a step makes deliveries due and updates its replay in one transaction. */
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

  /** The caller received confirmation that the replay is in this state, and has requested nothing else since. */
  told(taskId: number, state: TaskState): void {
    const found = this.#states.get(taskId);
    if (found === state) return;
    this.#verdict.broken("replay_held", `a response said that replay ${taskId} is ${state}, but it is ${found}`);
  }

  finished(): void {
    for (const [taskId, state] of this.#states) {
      if (state === "running") this.#verdict.broken("replay_held", `replay ${taskId} is not finished`);
    }
  }
}

function isEnd(state: TaskState): boolean {
  return state !== "running" && state !== "paused";
}
