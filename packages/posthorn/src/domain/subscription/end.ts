/** Ends subscriptions: when they are ended through the API, expire, or respond with 410 Gone. */
import { type Kysely, sql } from "kysely";
import type { Database } from "../../store/schema.ts";
import type { Application } from "../application/application.ts";
import { toApplication } from "../application/application.ts";
import { type Context, type Services, type TransactionContext, write } from "../context.ts";
import { recordSystemChange } from "../audit/trail.ts";
import { GONE } from "../health/auto-disable.ts";
import { cancelCatchUps } from "../replay/catch-up.ts";
import { announceEndpoint } from "../operational/operational.ts";
import { actorOf } from "./actor.ts";
import type { Termination } from "./callback.ts";
import { withoutAccess } from "./entitlement.ts";
import type { Tx } from "../../store/tx.ts";

interface Ending {
  readonly key: number;
  readonly endpoint: { readonly key: number; readonly id: string; readonly uid: string | null };
}

/** Deletes a subscription with its endpoint. Deliveries that are pending are canceled. */
export function endSubscription(
  ctx: Context,
  application: Pick<Application, "key" | "id" | "uid">,
  { key, endpoint }: Ending,
): Promise<void> {
  return write(ctx, async (tx) => {
    await tx.db.deleteFrom("subscription").where("id", "=", key).execute();
    const { numUpdatedRows } = await tx.db
      .updateTable("endpoint")
      .set({ deleted_at: ctx.services.now() })
      .where("id", "=", endpoint.key)
      .where("deleted_at", "is", null)
      .executeTakeFirstOrThrow();
    if (numUpdatedRows === 0n) return;
    await cancelCatchUps(tx, { appKey: application.key, endpointKey: endpoint.key }, ctx.services.now());
    await tx.db.deleteFrom("endpoint_rate").where("endpoint_id", "=", endpoint.key).execute();
    await announceEndpoint(ctx, tx, "endpoint.deleted", { application, endpoint });
    tx.signal({ kind: "application", key: application.key }, { kind: "wake", endpointId: endpoint.key });
  });
}

/** Subscriptions ended in one transaction. */
const STEP = 100;

/** A subscription of an MCP client that was ended here, which its client does not know yet. */
export interface EndedSubscription {
  readonly appKey: number;
  readonly endpointKey: number;
  /** Identifies it within the application. */
  readonly targetHash: Uint8Array;
  readonly configSealed: Uint8Array | null;
  readonly termination: Termination;
}

export interface EndOptions {
  readonly signal: AbortSignal;
  /** Called with each subscription whose client must be notified. */
  readonly onEnded: (ended: EndedSubscription) => void;
}

/** Ends subscriptions whose lease is over. Returns when the next one ends, in Unix milliseconds; `null`: there is none. */
export async function endExpired(services: Services, signal: AbortSignal): Promise<number | null> {
  const { db } = services.store;
  while (!signal.aborted) {
    const now = services.now();
    const rows = await expired(db, now).orderBy("s.lease_until").limit(STEP).execute();
    // It may have been renewed in the meantime.
    await endAll(services, rows, ({ key }, tx) => exists(expired(tx.db, now).where("s.id", "=", key)));
    if (rows.length < STEP) break;
  }
  const next = await db
    .selectFrom("subscription")
    .select((eb) => eb.fn.min<number | null>("lease_until").as("next"))
    .where("lease_until", "is not", null)
    .executeTakeFirst();
  return next?.next ?? null;
}

function expired(db: Kysely<Database>, now: number) {
  return candidates(db).where("s.lease_until", "<=", now);
}

/** Ends subscriptions whose receiver responded with 410 Gone, and removes those whose endpoint or application was deleted. */
export async function endGone(services: Services, { signal, onEnded }: EndOptions): Promise<void> {
  while (!signal.aborted) {
    const rows = await gone(services.store.db).limit(STEP).execute();
    // The client may have subscribed again in the meantime.
    const ended = await endAll(services, rows, ({ key }, tx) => exists(gone(tx.db).where("s.id", "=", key)));
    for (const row of ended) if (row.isDeleted === 1) report(row, ENDED, onEnded);
    if (rows.length < STEP) return;
  }
}

function gone(db: Kysely<Database>) {
  return candidates(db).where(({ eb, and, or }) =>
    or([
      eb("e.deleted_at", "is not", null),
      eb("a.deleted_at", "is not", null),
      and([eb("e.disabled", "=", 1), sql<boolean>`instr(e.disabled_json, ${`"reason":"${GONE}"`}) > 0`]),
    ]),
  );
}

function candidates(db: Kysely<Database>) {
  return db
    .selectFrom("subscription as s")
    .innerJoin("endpoint as e", "e.id", "s.endpoint_id")
    .innerJoin("application as a", "a.id", "s.app_id")
    .select(["s.id as key", "s.app_id", "e.id as endpointKey", "e.public_id as endpointId", "e.uid as endpointUid"])
    .select(["s.protocol", "s.target_hash", "e.config_sealed"])
    .select(sql<number>`CASE WHEN e.deleted_at IS NULL THEN 0 ELSE 1 END`.as("isDeleted"));
}

type Candidate = Awaited<ReturnType<ReturnType<typeof candidates>["execute"]>>[number];

async function exists(query: { executeTakeFirst(): Promise<unknown> }): Promise<boolean> {
  return (await query.executeTakeFirst()) !== undefined;
}

const ENDED: Termination = { code: -32_011, message: "The subscription was ended on the server. Subscribe again." };
const REVOKED: Termination = { code: -32_012, message: "The access with which you subscribed was taken away." };

function report(row: Candidate, termination: Termination, onEnded: EndOptions["onEnded"]): void {
  if (row.protocol !== "mcp") return;
  const { app_id: appKey, endpointKey, target_hash: targetHash, config_sealed: configSealed } = row;
  onEnded({ appKey, endpointKey, targetHash, configSealed, termination });
}

/** Ends subscriptions of MCP clients whose principal may no longer receive the events. */
export async function endRevoked(services: Services, { signal, onEnded }: EndOptions): Promise<void> {
  const { db } = services.store;
  for (let after = 0; !signal.aborted;) {
    const rows = await held(db).where("s.id", ">", after).orderBy("s.id").limit(STEP).execute();
    const isDue = async ({ key }: Candidate, tx: Tx): Promise<boolean> => {
      const now = await held(tx.db).where("s.id", "=", key).execute();
      return (await withoutAccess(tx.db, now, services.now())).length > 0;
    };
    const ended = await endAll(services, await withoutAccess(db, rows, services.now()), isDue);
    for (const row of ended) report(row, REVOKED, onEnded);
    if (rows.length < STEP) return;
    after = rows.at(-1)!.key;
  }
}

/** Subscriptions of MCP clients with what {@link withoutAccess} needs. */
function held(db: Kysely<Database>) {
  return candidates(db)
    .select(["a.org_id as orgKey", "s.app_id as appKey", "s.token_hash as tokenHash", "s.updated_at as confirmedAt"])
    .select((eb) => eb.fn.coalesce("s.principal", eb.val("")).as("principal"))
    .where("s.protocol", "=", "mcp");
}

/** Ends those that are still due. Returns them. */
async function endAll<T extends Candidate>(
  services: Services,
  rows: readonly T[],
  isDue: (row: T, tx: Tx) => Promise<boolean>,
): Promise<readonly T[]> {
  if (rows.length === 0) return [];
  return services.store.transaction(async (tx) => {
    const ended: T[] = [];
    for (const row of rows) {
      if (!(await isDue(row, tx))) continue;
      const application = await tx.db
        .selectFrom("application")
        .selectAll()
        .where("id", "=", row.app_id)
        .executeTakeFirstOrThrow();
      const actor = await actorOf(tx.db, row.app_id);
      const ctx: TransactionContext = { services, tx, actor };
      const endpoint = { key: row.endpointKey, id: row.endpointId, uid: row.endpointUid };
      await endSubscription(ctx, toApplication(application), { key: row.key, endpoint });
      await recordSystemChange(services, tx, {
        orgId: application.org_id,
        action: "system.subscription.end",
        target: { kind: "endpoint", id: endpoint.id, name: endpoint.uid },
        application: { key: application.id, id: application.public_id },
      });
      ended.push(row);
    }
    return ended;
  }, "subscription.end");
}
