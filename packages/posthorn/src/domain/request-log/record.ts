/** Writes entries of the log of API requests, and deletes old ones. */
import { type Kysely, sql } from "kysely";
import type { Database } from "../../store/schema.ts";
import type { SweepOptions } from "../retention/retention.ts";
import type { Services } from "../context.ts";
import { keyAtTime } from "../../lib/id.ts";
import type { LoggedRequest } from "./entry.ts";

/** Entries kept for each organisation, regardless of their age. */
export interface RequestLimits {
  /** Of users, keys and tokens of the organisation. */
  readonly organisation: number;
  /** Of all its applications, whose tokens customers have. */
  readonly applications: number;
  /** Of one application. */
  readonly application: number;
}

const LIMITS: RequestLimits = { organisation: 80_000, applications: 20_000, application: 1000 };
/** Rows per statement, and rows deleted in one transaction. */
const CHUNK = 200;
const STEP = 2000;

/** Stores entries in one transaction. */
export async function recordRequests({ store }: Services, entries: readonly LoggedRequest[]): Promise<void> {
  const rows = entries.map((entry) => ({
    id: entry.key,
    public_id: entry.id,
    org_id: entry.orgId,
    caller_kind: entry.callerKind,
    caller_id: entry.callerId,
    method: entry.method,
    route: entry.route,
    operation: entry.operation,
    status: entry.status,
    error_code: entry.errorCode,
    duration_ms: entry.durationMs,
    client_request_id: entry.clientRequestId,
  }));
  await store.transaction(async ({ db }) => {
    for (let from = 0; from < rows.length; from += CHUNK) {
      await db
        .insertInto("api_request")
        .values(rows.slice(from, from + CHUNK))
        .execute();
    }
  }, "request-log.record");
}

/** Deletes entries that are older than the retention, and the oldest ones beyond the limits of an organisation. */
export async function pruneRequests(
  services: Services,
  retentionMs: number,
  sweep: Pick<SweepOptions, "signal" | "pause">,
  limits: RequestLimits = LIMITS,
): Promise<void> {
  const { store, now } = services;
  const expired = keyAtTime(now() - retentionMs);
  const organisations = await store.db.selectFrom("organisation").select("id").execute();
  for (const { id: orgId } of organisations) {
    if (sweep.signal.aborted) return;
    await deleteBefore(services, { orgId, of: "all" }, expired, sweep);
    const talkative = await store.db
      .selectFrom("api_request")
      .select("caller_id")
      .where("org_id", "=", orgId)
      .where(BY_APPLICATION)
      .groupBy("caller_id")
      .having((eb) => eb.fn.countAll<number>(), ">", limits.application)
      .execute();
    for (const { caller_id: callerId } of talkative)
      await deleteExcess(services, { orgId, of: "applications", callerId }, limits.application, sweep);
    await deleteExcess(services, { orgId, of: "applications" }, limits.applications, sweep);
    await deleteExcess(services, { orgId, of: "organisation" }, limits.organisation, sweep);
  }
}

/** Entries of an organisation: all, those of its own callers, or those of its applications or of one of them. */
interface Part {
  readonly orgId: number;
  readonly of: "all" | "organisation" | "applications";
  readonly callerId?: string | null;
}

/** As text, because the partial index is not used for a parameter. */
const BY_APPLICATION = sql<boolean>`caller_kind = 'application'`;

function keysOf(db: Kysely<Database>, { orgId, of, callerId }: Part) {
  let rows = db.selectFrom("api_request").select("id").where("org_id", "=", orgId);
  if (of === "organisation") rows = rows.where("caller_kind", "<>", "application");
  if (of === "applications") rows = rows.where(BY_APPLICATION);
  return callerId === undefined ? rows : rows.where("caller_id", "=", callerId);
}

async function deleteExcess(
  services: Services,
  part: Part,
  most: number,
  sweep: Pick<SweepOptions, "signal" | "pause">,
): Promise<void> {
  const excess = await keysOf(services.store.db, part).orderBy("id", "desc").offset(most).limit(1).executeTakeFirst();
  if (excess !== undefined) await deleteBefore(services, part, excess.id + 1, sweep);
}

async function deleteBefore(
  { store }: Services,
  part: Part,
  before: number,
  { signal, pause }: Pick<SweepOptions, "signal" | "pause">,
): Promise<void> {
  for (let deleted = STEP; deleted === STEP && !signal.aborted;) {
    const old = await keysOf(store.db, part).where("id", "<", before).orderBy("id").limit(STEP).execute();
    deleted = old.length;
    const last = old.at(-1)?.id;
    if (last === undefined) return;
    await store.transaction(async ({ db }) => {
      await db
        .deleteFrom("api_request")
        .where("id", "in", keysOf(db, part).where("id", "<=", last))
        .execute();
    }, "request-log.prune");
    await pause();
  }
}
