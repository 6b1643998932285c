/** Step of a replay across applications: handles several endpoints at once, each of which may have few messages. */
import { type Kysely, sql } from "kysely";
import { indexedBy } from "../../store/portable-sql.ts";
import type { Database } from "../../store/schema.ts";
import type { Tx } from "../../store/tx.ts";
import type { Services, TransactionServices } from "../context.ts";
import type { Step, StepResult } from "../task/step.ts";
import type { Task } from "../task/task.ts";
import { endpointPage } from "./across.ts";
import { addReplayCounts, firstCursor, type ReplayCounts, type ReplayData, type ReplayParams } from "./replay.ts";
import { scanDeliveries, type ScanResult } from "./scan.ts";
import { type Budget, dueAgain, finish, laneRoom, noRoom, openParts, type Part, PARTS_PER_STEP } from "./pace.ts";

export interface AcrossProgress {
  readonly params: ReplayParams;
  readonly data: ReplayData;
  readonly budget: Budget;
}

/** What to send of one part. */
interface Found extends ScanResult {
  readonly part: Part;
}

/** Plans the next step: selects endpoints, or makes deliveries of selected endpoints due. */
export async function acrossStep(services: Services, task: Task, progress: AcrossProgress): Promise<Step> {
  const { params, data, budget } = progress;
  if (data.selectedUpTo !== null) return selectStep(services, task, progress);
  const parts = await openParts(services, task.key, data.lastPart);
  if (parts.length === 0) return { kind: "write", write: (tx) => finish(tx, task, params, data) };
  const now = services.now();
  const room = await roomAtAll(services.store.db, parts, params, now);
  const deleted = parts.filter(({ endpoint_id }) => !room.has(endpoint_id));
  const open = parts.filter(({ endpoint_id }) => (room.get(endpoint_id) ?? 0) > 0);
  if (deleted.length === 0 && open.length === 0) {
    const { length, [length - 1]: last } = parts;
    return noRoom(data, { areAll: length < PARTS_PER_STEP, last: last!.endpoint_id }, now);
  }
  const found = await findAll(services.store.db, params, { open, room, rows: budget.rows });
  return { kind: "write", write: (tx) => sendAll(services, tx, progress, { found, deleted }) };
}

/** Selects the next endpoints. */
async function selectStep(services: Services, task: Task, { params, data }: AcrossProgress): Promise<Step> {
  const after = data.selectedUpTo ?? 0;
  const page = await endpointPage(services.store.db, { orgId: task.orgId, params, after });
  const cursor = firstCursor(params);
  const enabled = page.endpoints.filter(({ disabled }) => !disabled);
  const rows = enabled.map(({ key }) => ({ task_id: task.key, endpoint_id: key, cursor }));
  return {
    kind: "write",
    write: async ({ db }) => {
      if (rows.length > 0) await db.insertInto("task_part").values(rows).execute();
      return { data: { ...data, selectedUpTo: page.next }, end: null, waitMs: 0 };
    },
  };
}

/** Number of further deliveries that may become due at each endpoint. Deleted endpoints are missing. */
async function roomAtAll(
  db: Kysely<Database>,
  parts: readonly Part[],
  params: ReplayParams,
  now: number,
): Promise<ReadonlyMap<number, number>> {
  const limit = laneRoom(params);
  const keys = parts.map(({ endpoint_id }) => endpoint_id);
  const { rows } = await sql<{ id: number; due: number }>`
    SELECT endpoint.id, (
      SELECT count(*) FROM (
        SELECT 1 FROM delivery ${indexedBy(db, "delivery_due")}
        WHERE delivery.endpoint_id = endpoint.id AND due IS NOT NULL AND due <= ${now} LIMIT ${limit}) AS some_due) AS due
    FROM endpoint WHERE endpoint.id IN (${sql.join(keys)}) AND endpoint.deleted_at IS NULL`.execute(db);
  return new Map(rows.map(({ id, due }) => [id, limit - due]));
}

interface Finding {
  readonly open: readonly Part[];
  readonly room: ReadonlyMap<number, number>;
  readonly rows: number;
}

async function findAll(
  db: Kysely<Database>,
  params: ReplayParams,
  { open, room, rows }: Finding,
): Promise<readonly Found[]> {
  if (open.length === 0) return [];
  const places = open.map(({ cursor }) => ({ params, cursor }));
  const scanned = await scanDeliveries(
    db,
    places,
    open.map(({ endpoint_id }) => endpoint_id),
  );
  const found: Found[] = [];
  let left = rows;
  for (const [index, part] of open.entries()) {
    if (left < 1) break;
    const result = scanned(index, Math.min(left, room.get(part.endpoint_id)!));
    found.push({ part, ...result });
    left -= result.keys.length;
  }
  return found;
}

interface Batch {
  readonly found: readonly Found[];
  readonly deleted: readonly Part[];
}

async function sendAll(
  services: TransactionServices,
  tx: Tx,
  { params, data, budget }: AcrossProgress,
  { found, deleted }: Batch,
): Promise<StepResult> {
  const made = await makeDue(services, tx, found);
  const done = found.map((one) => ({ ...one, sent: made.get(one.part.endpoint_id) ?? 0 }));
  await saveParts(tx, [
    ...done.map((one) => progressed(one)),
    ...deleted.map((part) => ({ ...part, done: 1, endpoint_gone: 1 })),
  ]);
  for (const { part, sent } of done) if (sent > 0) tx.signal({ kind: "wake", endpointId: part.endpoint_id });
  const sent = done.reduce((sum, one) => sum + one.sent, 0);
  const counts = done.reduce<ReplayCounts>(
    (sum, one) => addReplayCounts(sum, { ...one, alreadyDue: alreadyDue(one) }),
    data,
  );
  const next: ReplayData = {
    ...data,
    ...counts,
    messagesSent: data.messagesSent + sent,
    lastPart: (found.at(-1)?.part ?? deleted.at(-1)!).endpoint_id,
    budgetFrom: params.ratePerSecond === null ? data.budgetFrom : budget.from + (sent * 1000) / params.ratePerSecond,
    waitingSince: null,
  };
  return { data: next, end: null, waitMs: 0 };
}

/** Makes deliveries due; returns how many by endpoint. */
async function makeDue(
  services: TransactionServices,
  { db }: Tx,
  found: readonly Found[],
): Promise<ReadonlyMap<number, number>> {
  const pairs = found.flatMap(({ part, keys }) => keys.map((key) => sql`(${part.endpoint_id}, ${key})`));
  const made = new Map<number, number>();
  if (pairs.length === 0) return made;
  const rows = await dueAgain(db, services.now())
    .where(sql<boolean>`(endpoint_id, message_id) IN (VALUES ${sql.join(pairs)})`)
    .returning("endpoint_id")
    .execute();
  for (const { endpoint_id } of rows) made.set(endpoint_id, (made.get(endpoint_id) ?? 0) + 1);
  return made;
}

/** Includes deliveries that became due by other means since the scan. */
function alreadyDue({ alreadyDue: found, keys, sent }: Found & { readonly sent: number }): number {
  return found + keys.length - sent;
}

function progressed(one: Found & { readonly sent: number }): Part {
  const { part, cursor, done, scanned, matched, payloadGone, sent } = one;
  return {
    ...part,
    cursor,
    done: done ? 1 : 0,
    scanned: part.scanned + scanned,
    matched: part.matched + matched,
    sent: part.sent + sent,
    payload_gone: part.payload_gone + payloadGone,
    already_due: part.already_due + alreadyDue(one),
  };
}

async function saveParts({ db }: Tx, parts: readonly Part[]): Promise<void> {
  await db
    .insertInto("task_part")
    .values(parts)
    .onConflict((conflict) =>
      conflict.columns(["task_id", "endpoint_id"]).doUpdateSet((eb) => ({
        cursor: eb.ref("excluded.cursor"),
        done: eb.ref("excluded.done"),
        scanned: eb.ref("excluded.scanned"),
        matched: eb.ref("excluded.matched"),
        sent: eb.ref("excluded.sent"),
        payload_gone: eb.ref("excluded.payload_gone"),
        already_due: eb.ref("excluded.already_due"),
        endpoint_gone: eb.ref("excluded.endpoint_gone"),
      })),
    )
    .execute();
}
