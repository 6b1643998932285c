/** Pace of a replay: how much a step may make due, at which endpoints, and when the next step is. */
import { type Kysely, type Selectable, sql } from "kysely";
import { type Database, DELIVERY_STATE, REQUESTED_BY } from "../../store/schema.ts";
import type { TaskPartTable } from "../../store/task-schema.ts";
import type { Services } from "../context.ts";
import { dueManually } from "../delivery/resend.ts";
import type { Task } from "../task/task.ts";
import type { Step, StepResult } from "../task/step.ts";
import type { ReplayData, ReplayParams } from "./replay.ts";
import type { Tx } from "../../store/tx.ts";

/** Progress of a replay at one endpoint. */
export type Part = Selectable<TaskPartTable>;

/** Deliveries per transaction. Few, so that publishing is not delayed by a long commit. */
const CHUNK = 100;
/** A replay waits while an endpoint has this many due deliveries. */
const LANE_ROOM = 500;
/** Number of endpoints checked in one step. */
export const PARTS_PER_STEP = 50;
/** Bounds of the wait when no endpoint accepts more: a tenth of the time for which none has. */
const NO_ROOM_MS = 100;
const LONG_NO_ROOM_MS = 30_000;
/** Upper bound of the wait if a step cannot check all endpoints, because the next step checks others. */
const NEXT_PARTS_MS = 1000;
/** Unused rate is kept for this long, so that a wait is not followed by a large burst. */
const BURST_MS = 1000;

/** Waits increasingly long, because an endpoint can be disabled for days. */
export function noRoom(
  data: ReplayData,
  asked: { readonly areAll: boolean; readonly last: number },
  now: number,
): Step {
  const waitingSince = data.waitingSince ?? now;
  const most = asked.areAll ? LONG_NO_ROOM_MS : NEXT_PARTS_MS;
  const waitMs = Math.min(most, Math.max(NO_ROOM_MS, Math.round((now - waitingSince) / 10)));
  const lastPart = asked.areAll ? data.lastPart : asked.last;
  if (data.waitingSince !== null && lastPart === data.lastPart) return { kind: "wait", waitMs };
  const next = { ...data, lastPart, waitingSince };
  return { kind: "write", write: async () => ({ data: next, end: null, waitMs }) };
}

export interface Budget {
  readonly rows: number;
  readonly waitMs: number;
  /** From when the rate is counted: sending `rows` uses it up from here on. */
  readonly from: number;
}

/** Open parts, starting after the one that was last processed. */
export async function openParts({ store }: Services, taskKey: number, lastPart: number): Promise<readonly Part[]> {
  const open = store.db
    .selectFrom("task_part")
    .selectAll()
    .where("task_id", "=", taskKey)
    .where("done", "=", 0)
    .orderBy("endpoint_id")
    .limit(PARTS_PER_STEP);
  const after = await open.where("endpoint_id", ">", lastPart).execute();
  if (after.length === PARTS_PER_STEP) return after;
  const before = await open.where("endpoint_id", "<=", lastPart).execute();
  return [...after, ...before].slice(0, PARTS_PER_STEP);
}

/** Due deliveries of an endpoint up to which a replay adds more. */
export function laneRoom({ ratePerSecond }: ReplayParams): number {
  // A slow replay may only have few due deliveries, so that it keeps to its rate even after the endpoint was on hold.
  return ratePerSecond === null ? LANE_ROOM : Math.min(LANE_ROOM, Math.max(50, 5 * ratePerSecond));
}

/** Update that makes deliveries due, except for those that are already in progress. */
export function dueAgain(db: Kysely<Database>, now: number) {
  return db
    .updateTable("delivery")
    .set({
      ...dueManually(now, REQUESTED_BY.recovery),
      // A succeeded delivery is sent again; one that is being retried is not sent again if that retry succeeds.
      manual: sql<number>`CASE WHEN state IN (${DELIVERY_STATE.failed}, ${DELIVERY_STATE.pending})
                          THEN ${REQUESTED_BY.recovery} ELSE ${REQUESTED_BY.replay} END`,
    })
    .where("manual", "=", REQUESTED_BY.schedule)
    .where((eb) => eb.not(eb.and([eb("state", "=", DELIVERY_STATE.pending), eb("attempts", "=", 0)])));
}

/** Ends the replay after all parts are done. It failed if the endpoints of all parts were deleted. */
export async function finish(tx: Tx, task: Task, params: ReplayParams, data: ReplayData): Promise<StepResult> {
  const { parts, gone } = await tx.db
    .selectFrom("task_part")
    .select((eb) => [eb.fn.countAll<number>().as("parts"), eb.fn.sum<number | null>("endpoint_gone").as("gone")])
    .where("task_id", "=", task.key)
    .executeTakeFirstOrThrow();
  const ended = { ...data, waitingSince: null };
  if (parts === 0 || gone !== parts) return { data: ended, end: "finished", waitMs: 0 };
  const which = params.target.kind === "same" && parts > 1 ? "Every endpoint" : "The endpoint";
  return { data: { ...ended, error: `${which} was deleted before the end.` }, end: "failed", waitMs: 0 };
}

export function budgetOf({ ratePerSecond }: ReplayParams, { budgetFrom }: ReplayData, now: number): Budget {
  if (ratePerSecond === null) return { rows: CHUNK, waitMs: 0, from: now };
  // A time in the future was stored before the clock was set back.
  const from = budgetFrom > now ? now - 1000 / ratePerSecond : Math.max(budgetFrom, now - BURST_MS);
  const rows = Math.min(CHUNK, Math.floor(((now - from) * ratePerSecond) / 1000));
  return { rows, waitMs: Math.max(1, Math.ceil(from + 1000 / ratePerSecond - now)), from };
}
