/** Sabotages of manual actions. */
import { TaskRunner } from "../../src/workers/task-runner.ts";
import { RateControl } from "../../src/dispatch/rate-control.ts";
import type { TaskKind } from "../../src/domain/task/task.ts";
import type { PackedResult, ThreadRequest } from "../../src/store/sqlite/protocol.ts";
import { type NamedSabotage, replaced } from "./sabotage.ts";
import { intercept } from "./tampering.ts";

/** States in which a replay does nothing. */
const HELD: ReadonlySet<unknown> = new Set(["paused", "canceled"]);
const UNBLOCK = 'update "delivery" set "pass_at" = ? where "endpoint_id" = ?';

export const MANUAL_ACTION_SABOTAGES: readonly NamedSabotage[] = [
  {
    name: "a replay that continues when it is paused or canceled",
    breaks: "replay_held",
    reader: (thread) =>
      intercept(thread, async (request, pass) => {
        const response = await pass(request);
        if (!asks(request, 'select * from "task" where "id" = ?')) return response;
        const { cells, ...rest } = response as PackedResult;
        return { ...rest, cells: cells.map((cell) => (HELD.has(cell) ? "running" : cell)) };
      }),
    thread: (thread) =>
      intercept(thread, (request, pass) => {
        if (!asks(request, 'select "data_json" from "task"')) return pass(request);
        const sql = request.sql.replace(' and "status" = ?', "");
        return pass({ ...request, sql, parameters: request.parameters.slice(0, 1) });
      }),
  },
  {
    name: "a pause and a cancellation of a replay that are confirmed but not stored",
    breaks: "replay_held",
    thread: (thread) =>
      intercept(thread, (request, pass) => {
        if (!asks(request, 'update "task" set "status" = ?') || !HELD.has(request.parameters[0])) {
          return pass(request);
        }
        return pass({ ...request, parameters: ["running", ...request.parameters.slice(1)] });
      }),
  },
  {
    name: "a task runner that starts each task once, even if it was paused in between",
    breaks: "replay_held",
    inside: () => {
      const { start } = TaskRunner.prototype;
      const known = new Set<number>();
      return replaced(TaskRunner.prototype, "start", function once(this: TaskRunner, key: number, kind: TaskKind) {
        if (!known.has(key)) start.call(this, key, kind);
        known.add(key);
      });
    },
  },
  {
    name: "an unblock that is confirmed but not stored",
    breaks: "unblocked",
    thread: (thread) =>
      intercept(thread, (request, pass) =>
        asks(request, UNBLOCK) ? Promise.resolve({ columns: [], cells: [], changes: 0 }) : pass(request),
      ),
  },
  {
    name: "a lane that ignores a requested probe",
    breaks: "resend_is_made",
    inside: () => replaced(RateControl.prototype, "tryNow", () => undefined),
  },
];

function asks(request: ThreadRequest, sql: string): request is ThreadRequest & { readonly op: "query" } {
  return request.op === "query" && request.sql.startsWith(sql);
}
