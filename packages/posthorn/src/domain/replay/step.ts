/**
 * Step of a replay: makes some deliveries of one endpoint due.
 *
 * A replay never fills a lane. It only adds deliveries while few deliveries of the endpoint are due, so that new messages wait behind a
 * few replayed deliveries and not behind all of them. If an endpoint accepts nothing, for example because it is disabled or failing,
 * the replay continues at other endpoints.
 */
import { type RawBuilder, type Selectable, sql } from "kysely";
import { REQUESTED_BY, DELIVERY_STATE, type TaskPartTable } from "../../store/schema.ts";
import { indexedBy } from "../../store/portable-sql.ts";
import type { Services, TransactionServices } from "../context.ts";
import { dueManually } from "../delivery/resend.ts";
import { WHOLE_ENDPOINT } from "../policy/order.ts";
import type { DirectoryEndpoint } from "../directory-endpoint.ts";
import type { Task } from "../task/task.ts";
import { dataOf, type ReplayData, type ReplayParams, paramsOf } from "./replay.ts";
import { scan, type ScanResult } from "./scan.ts";
import type { Step, StepResult } from "../task/step.ts";
import type { Tx } from "../../store/tx.ts";

/** Deliveries per transaction. Few, so that publishing is not delayed by a long commit. */
const CHUNK = 100;
/** Number of due deliveries of an endpoint from which a replay waits. */
const LANE_ROOM = 500;
/** Number of endpoints checked in one step. */
const PARTS_PER_STEP = 50;
/** Bounds of the wait when no endpoint accepts more: a tenth of the time for which none has. */
const NO_ROOM_MS = 100;
const LONG_NO_ROOM_MS = 30_000;
/** Upper bound of the wait if a step cannot check all endpoints, because the next step checks others. */
const NEXT_PARTS_MS = 1000;
/** Unused rate is kept for this long, so that a wait is not followed by a large burst. */
const BURST_MS = 1000;

type Part = Selectable<TaskPartTable>;

export async function replayStep(services: Services, task: Task): Promise<Step> {
  const params = paramsOf(task);
  const data = dataOf(task);
  const now = services.now();
  const budget = budgetOf(params, data, now);
  if (budget.rows < 1) return { kind: "wait", waitMs: budget.waitMs };
  const parts = await openParts(services, task.key, data.lastPart);
  if (parts.length === 0) return { kind: "write", write: (tx) => finish(tx, task, params, data) };
  for (const part of parts) {
    const endpoint = await services.directory.endpoint(part.endpoint_id);
    if (endpoint === null) return { kind: "write", write: (tx) => endPart(tx, part, data) };
    const room = Math.min(budget.rows, await roomAt(services, endpoint.key, params, now));
    if (room < 1) continue;
    const found = await scan(services.store.db, { params, appKey: task.appKey!, endpoint, cursor: part.cursor }, room);
    return { kind: "write", write: (tx) => send(services, tx, { params, data, part, endpoint, found, budget }) };
  }
  return noRoom(data, { areAll: parts.length < PARTS_PER_STEP, last: parts.at(-1)!.endpoint_id }, now);
}

/** Waits increasingly long, because an endpoint can be disabled for days. */
function noRoom(data: ReplayData, asked: { readonly areAll: boolean; readonly last: number }, now: number): Step {
  const waitingSince = data.waitingSince ?? now;
  const most = asked.areAll ? LONG_NO_ROOM_MS : NEXT_PARTS_MS;
  const waitMs = Math.min(most, Math.max(NO_ROOM_MS, Math.round((now - waitingSince) / 10)));
  const lastPart = asked.areAll ? data.lastPart : asked.last;
  if (data.waitingSince !== null && lastPart === data.lastPart) return { kind: "wait", waitMs };
  const next = { ...data, lastPart, waitingSince };
  return { kind: "write", write: async () => ({ data: next, end: null, waitMs }) };
}

interface Budget {
  readonly rows: number;
  readonly waitMs: number;
  /** Start of the time that `rows` uses up. */
  readonly from: number;
}

function budgetOf({ ratePerSecond }: ReplayParams, { budgetFrom }: ReplayData, now: number): Budget {
  if (ratePerSecond === null) return { rows: CHUNK, waitMs: 0, from: now };
  // A time in the future was stored before the clock was set back.
  const from = budgetFrom > now ? now - 1000 / ratePerSecond : Math.max(budgetFrom, now - BURST_MS);
  const rows = Math.min(CHUNK, Math.floor(((now - from) * ratePerSecond) / 1000));
  return { rows, waitMs: Math.max(1, Math.ceil(from + 1000 / ratePerSecond - now)), from };
}

/** Open parts, starting after the one that was last processed. */
async function openParts({ store }: Services, taskKey: number, lastPart: number): Promise<readonly Part[]> {
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

/** Number of further deliveries that may become due at an endpoint. Counts due deliveries by index, up to the limit. */
async function roomAt({ store }: Services, endpointKey: number, params: ReplayParams, now: number): Promise<number> {
  // A slow replay may only have few due deliveries, so that it keeps to its rate even after the endpoint was on hold.
  const limit = params.ratePerSecond === null ? LANE_ROOM : Math.min(LANE_ROOM, Math.max(50, 5 * params.ratePerSecond));
  const { rows } = await sql<{ due: number }>`
    SELECT count(*) AS due FROM (
      SELECT 1 FROM delivery ${indexedBy(store.db, "delivery_due")}
      WHERE endpoint_id = ${endpointKey} AND due IS NOT NULL AND due <= ${now} LIMIT ${limit}) AS some_due`.execute(
    store.db,
  );
  return limit - rows[0]!.due;
}

interface Sending {
  readonly params: ReplayParams;
  readonly data: ReplayData;
  readonly part: Part;
  readonly endpoint: DirectoryEndpoint;
  readonly found: ScanResult;
  readonly budget: Budget;
}

async function send(services: TransactionServices, tx: Tx, sending: Sending): Promise<StepResult> {
  const { params, data, part, endpoint, found, budget } = sending;
  const made = await makeDue(services, tx, sending);
  // Includes deliveries that became due by other means since the scan.
  const alreadyDue = found.alreadyDue + found.keys.length - made;
  await tx.db
    .updateTable("task_part")
    .set((eb) => ({
      cursor: found.cursor,
      done: found.done ? 1 : 0,
      scanned: eb("scanned", "+", found.scanned),
      matched: eb("matched", "+", found.matched),
      sent: eb("sent", "+", made),
      payload_gone: eb("payload_gone", "+", found.payloadGone),
      already_due: eb("already_due", "+", alreadyDue),
    }))
    .where("task_id", "=", part.task_id)
    .where("endpoint_id", "=", part.endpoint_id)
    .execute();
  if (made > 0) tx.signal({ kind: "wake", endpointId: endpoint.key });
  const next: ReplayData = {
    ...data,
    messagesSent: data.messagesSent + made,
    scanned: data.scanned + found.scanned,
    matched: data.matched + found.matched,
    payloadGone: data.payloadGone + found.payloadGone,
    alreadyDue: data.alreadyDue + alreadyDue,
    lastPart: part.endpoint_id,
    budgetFrom: params.ratePerSecond === null ? data.budgetFrom : budget.from + (made * 1000) / params.ratePerSecond,
    waitingSince: null,
  };
  return { data: next, end: null, waitMs: 0 };
}

/** Value of `order_key` for a row of `message`. */
function orderColumn(endpoint: DirectoryEndpoint): RawBuilder<string | null> {
  const { order } = endpoint.policy.lane;
  if (order === null) return sql`NULL`;
  return order.by === "key" ? sql`ordering_key` : sql`${WHOLE_ENDPOINT}`;
}

/** Makes deliveries due; returns how many. */
async function makeDue(
  services: TransactionServices,
  { db }: Tx,
  { params, endpoint, found }: Sending,
): Promise<number> {
  const { keys } = found;
  if (keys.length === 0) return 0;
  const now = services.now();
  const { numUpdatedRows } = await db
    .updateTable("delivery")
    .set({
      ...dueManually(now, REQUESTED_BY.recovery),
      // A succeeded delivery is sent again; one that is being retried is not sent again if that retry succeeds.
      manual: sql<number>`CASE WHEN state IN (${DELIVERY_STATE.failed}, ${DELIVERY_STATE.pending})
                          THEN ${REQUESTED_BY.recovery} ELSE ${REQUESTED_BY.replay} END`,
    })
    .where("endpoint_id", "=", endpoint.key)
    .where("message_id", "in", keys)
    .where("manual", "=", REQUESTED_BY.schedule)
    .where((eb) => eb.not(eb.and([eb("state", "=", DELIVERY_STATE.pending), eb("attempts", "=", 0)])))
    .executeTakeFirstOrThrow();
  if (params.mode === "failing" || params.mode === "deliveries") return Number(numUpdatedRows);
  const { numAffectedRows } = await sql`
    INSERT INTO delivery (message_id, endpoint_id, state, due, attempts, generation, manual, resume_due, order_key, has_exact)
    SELECT id, ${endpoint.key}, ${DELIVERY_STATE.pending}, CASE WHEN deliver_at > ${now} THEN deliver_at ELSE ${now} END, 0, 0,
           ${params.target.kind === "url" ? REQUESTED_BY.resend : REQUESTED_BY.schedule}, NULL, ${orderColumn(endpoint)},
           CASE WHEN exact_bytes IS NOT NULL THEN 1 END
    FROM message WHERE id IN (${sql.join(keys)})
    ON CONFLICT DO NOTHING`.execute(db);
  return Number(numUpdatedRows) + Number(numAffectedRows ?? 0n);
}

/** Ends a part whose endpoint was deleted. */
async function endPart(tx: Tx, part: Part, data: ReplayData): Promise<StepResult> {
  await tx.db
    .updateTable("task_part")
    .set({ done: 1, endpoint_gone: 1 })
    .where("task_id", "=", part.task_id)
    .where("endpoint_id", "=", part.endpoint_id)
    .execute();
  const next: ReplayData = { ...data, lastPart: part.endpoint_id };
  return { data: next, end: null, waitMs: 0 };
}

/** Ends the replay after all parts are done. It failed if the endpoints of all parts were deleted. */
async function finish(tx: Tx, task: Task, params: ReplayParams, data: ReplayData): Promise<StepResult> {
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
