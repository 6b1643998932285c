/**
 * Step of a replay: makes some deliveries of one endpoint due.
 *
 * A replay never fills a lane. It only adds deliveries while few deliveries of the endpoint are due, so that new messages wait behind a
 * few replayed deliveries and not behind all of them. If an endpoint accepts nothing, for example because it is disabled or failing,
 * the replay continues at other endpoints.
 */
import { type RawBuilder, sql } from "kysely";
import { REQUESTED_BY, DELIVERY_STATE } from "../../store/schema.ts";
import { indexedBy } from "../../store/portable-sql.ts";
import type { Services, TransactionServices } from "../context.ts";
import { WHOLE_ENDPOINT } from "../policy/order.ts";
import type { DirectoryEndpoint } from "../directory-endpoint.ts";
import type { Task } from "../task/task.ts";
import { addReplayCounts, dataOf, type ReplayData, type ReplayParams, paramsOf } from "./replay.ts";
import { scan, type ScanResult } from "./scan.ts";
import { acrossStep } from "./step-across.ts";
import {
  type Budget,
  budgetOf,
  dueAgain,
  finish,
  laneRoom,
  noRoom,
  openParts,
  type Part,
  PARTS_PER_STEP,
} from "./pace.ts";
import type { Step, StepResult } from "../task/step.ts";
import type { Tx } from "../../store/tx.ts";

export async function replayStep(services: Services, task: Task): Promise<Step> {
  const params = paramsOf(task);
  const data = dataOf(task);
  const now = services.now();
  const budget = budgetOf(params, data, now);
  if (budget.rows < 1) return { kind: "wait", waitMs: budget.waitMs };
  if (params.across !== undefined) return acrossStep(services, task, { params, data, budget });
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

/** Number of further deliveries that may become due at an endpoint. Counts due deliveries by index, up to the limit. */
async function roomAt({ store }: Services, endpointKey: number, params: ReplayParams, now: number): Promise<number> {
  const limit = laneRoom(params);
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
    ...addReplayCounts(data, { ...found, alreadyDue }),
    messagesSent: data.messagesSent + made,
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
  const { numUpdatedRows } = await dueAgain(db, now)
    .where("endpoint_id", "=", endpoint.key)
    .where("message_id", "in", keys)
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
