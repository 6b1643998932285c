/** Creates and lists requests for erasure. */
import { randomBytes, timingSafeEqual } from "node:crypto";
import type { Selectable } from "kysely";
import { invalid, notFound } from "../../lib/errors.ts";
import { keyAtTime, keyOfId } from "../../lib/id.ts";
import { compilePath, JsonPathError } from "../../lib/json-path.ts";
import type { ErasureTable } from "../../store/erasure-schema.ts";
import { sealedIn } from "../../store/sealed-columns.ts";
import { getApplication } from "../application/find.ts";
import { type Call, type Context, reader } from "../context.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage } from "../paging.ts";
import { requesterName, startTask } from "../task/start.ts";
import { NOTHING_ERASED, type ErasureCounts } from "./counts.ts";
import { type EraseData, type Erasure, type ErasureState, hashKeyOf, hashOf } from "./erasure.ts";

export interface CreateErasure {
  /** JSONPath of the value in a payload. */
  readonly path: string;
  readonly value: string;
  /** ID or UID of an application or source; `null`: the whole organisation. */
  readonly app: string | null;
  readonly eventTypes: readonly string[] | null;
  readonly dryRun: boolean;
  readonly reason: string;
}

/** A message is committed within this time of its key. */
const COMMIT_MS = 3_600_000;

/** Stores a request, and starts the background task that carries it out. */
export async function createErasure({ ctx, input }: Call<CreateErasure>): Promise<Erasure> {
  checkPath(input.path);
  const { ids, now, secretBox } = ctx.services;
  const application = input.app === null ? null : await getApplication(ctx, input.app);
  const { key, id } = ids.next("erasure_");
  const hashKey = randomBytes(32);
  const at = now();
  const row = {
    id: key,
    public_id: id,
    org_id: ctx.actor.orgId,
    app_id: application?.key ?? null,
    path: input.path,
    value_sealed: secretBox.seal(input.value, sealedIn("erasure.value_sealed", key)),
    hash_key_sealed: secretBox.seal(hashKey.toString("base64"), sealedIn("erasure.hash_key_sealed", key)),
    value_hash: hashOf(hashKey, input.value),
    event_types_json: input.eventTypes === null ? null : JSON.stringify(input.eventTypes),
    dry_run: input.dryRun ? 1 : 0,
    reason: input.reason,
    requested_by: requesterName(ctx.actor),
    state: "running",
    counts_json: JSON.stringify(NOTHING_ERASED),
    created_at: at,
    ended_at: null,
  };
  ctx.audit?.created("erasure", id);
  ctx.audit?.fact("dryRun", input.dryRun);
  const oldest = await reader(ctx).selectFrom("outbox").select("id").orderBy("id").limit(1).executeTakeFirst();
  const recentFrom = Math.min(keyAtTime(at - COMMIT_MS), (oldest?.id ?? Number.MAX_SAFE_INTEGER) - 1);
  const task = await startTask(ctx, {
    kind: "privacy.erase",
    appKey: application?.key ?? null,
    params: { erasure: key },
    data: startOf(recentFrom),
    prepare: async ({ db }, taskKey) => {
      await db
        .insertInto("erasure")
        .values({ ...row, task_id: taskKey })
        .execute();
    },
  });
  const shown = { ...row, task_id: task.key, task_public_id: task.id, task_status: "running", task_ended_at: null };
  return toErasure({ ...shown, app_public_id: application?.id ?? null });
}

function checkPath(path: string): void {
  try {
    compilePath(path);
  } catch (error) {
    if (error instanceof JsonPathError) throw invalid(["body", "path"], error.message);
    throw error;
  }
}

function startOf(recentFrom: number): EraseData {
  return {
    messagesSent: 0,
    phase: "search",
    place: 0,
    after: null,
    passes: 0,
    found: 0,
    settled: 0,
    settleFrom: null,
    recentFrom,
    counts: NOTHING_ERASED,
    clean: { stage: "pages", from: 1 },
    shown: { ...NOTHING_ERASED },
  };
}

export async function listErasures({ ctx, input }: Call<PageRequest>): Promise<Page<Erasure>> {
  const page = await readPage(input, { order: "desc", keyOf: idIterator("erasure_") }, (slice) => {
    let query = erasures(ctx).orderBy("erasure.id", slice.order).limit(slice.limit);
    if (slice.from !== null) query = query.where("erasure.id", comparison(slice.order), slice.from);
    return query.execute();
  });
  return { ...page, rows: page.rows.map(toErasure) };
}

export async function getErasure({ ctx, input }: Call<{ readonly erasure: string }>): Promise<Erasure> {
  return toErasure(await findRow(ctx, input.erasure));
}

/** Whether a receipt is for this value. */
export async function checkErasure({
  ctx,
  input,
}: Call<{ readonly erasure: string; readonly value: string }>): Promise<boolean> {
  const row = await findRow(ctx, input.erasure);
  const hash = hashOf(hashKeyOf(ctx.services.secretBox, row), input.value);
  return timingSafeEqual(hash, row.value_hash);
}

async function findRow(ctx: Context, id: string): Promise<ErasureRow> {
  const key = keyOfId("erasure_", id);
  if (key === null) throw notFound("erasure");
  const query = erasures(ctx).where("erasure.id", "=", key).where("erasure.public_id", "=", id);
  const row = await query.executeTakeFirst();
  if (row === undefined) throw notFound("erasure");
  return row;
}

function erasures(ctx: Context) {
  return reader(ctx)
    .selectFrom("erasure")
    .leftJoin("application", "application.id", "erasure.app_id")
    .leftJoin("task", "task.id", "erasure.task_id")
    .selectAll("erasure")
    .select([
      "application.public_id as app_public_id",
      "task.public_id as task_public_id",
      "task.status as task_status",
      "task.ended_at as task_ended_at",
    ])
    .where("erasure.org_id", "=", ctx.actor.orgId);
}

type ErasureRow = Selectable<ErasureTable> & {
  readonly app_public_id: string | null;
  readonly task_public_id: string | null;
  readonly task_status: string | null;
  readonly task_ended_at: number | null;
};

function toErasure(row: ErasureRow): Erasure {
  return {
    key: row.id,
    id: row.public_id,
    taskId: row.task_public_id ?? "",
    appId: row.app_public_id,
    path: row.path,
    valueHash: Buffer.from(row.value_hash).toString("hex"),
    eventTypes: row.event_types_json === null ? null : (JSON.parse(row.event_types_json) as string[]),
    isDryRun: row.dry_run === 1,
    reason: row.reason,
    requestedBy: row.requested_by,
    state: stateOf(row),
    counts: JSON.parse(row.counts_json) as ErasureCounts,
    createdAt: row.created_at,
    erasedAt: row.ended_at,
    finishedAt: row.task_ended_at,
  };
}

function stateOf({ state, task_status: status }: ErasureRow): ErasureState {
  if (status === "failed" || status === "canceled") return "failed";
  if (status === "finished" || status === null) return "finished";
  return state === "cleaning" ? "cleaning" : "running";
}
