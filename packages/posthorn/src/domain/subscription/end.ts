/** Ends subscriptions: when they are ended through the API, expire, or respond with 410 Gone. */
import { sql } from "kysely";
import { MCP_EVENTS_KIND } from "../../destinations/kinds.ts";
import type { McpCallback } from "../../destinations/kinds/mcp-request.ts";
import type { Application } from "../application/application.ts";
import { toApplication } from "../application/application.ts";
import { type Context, type OutsideContext, type Services, type TransactionContext, write } from "../context.ts";
import { openConfig } from "../endpoint/sealed-config.ts";
import { recordSystemChange } from "../audit/trail.ts";
import { GONE } from "../health/auto-disable.ts";
import { cancelCatchUps } from "../replay/catch-up.ts";
import { announceEndpoint } from "../operational/operational.ts";
import { actorOf } from "./actor.ts";
import { announceEnd, type Termination } from "./callback.ts";
import { isStillEntitled } from "./principal.ts";
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

/** Ends subscriptions whose lease is over. Returns when the next one ends, in Unix milliseconds; `null`: there is none. */
export async function endExpired(services: Services, signal: AbortSignal): Promise<number | null> {
  while (!signal.aborted) {
    const rows = await candidates(services)
      .where("s.lease_until", "<=", services.now())
      .orderBy("s.lease_until")
      .limit(STEP)
      .execute();
    await endAll(services, rows, async ({ db }, { key }) => {
      const row = await db.selectFrom("subscription").select("lease_until").where("id", "=", key).executeTakeFirst();
      // It was renewed in the meantime.
      const until = row?.lease_until ?? null;
      return until !== null && until <= services.now();
    });
    if (rows.length < STEP) break;
  }
  const next = await services.store.db
    .selectFrom("subscription")
    .select((eb) => eb.fn.min<number | null>("lease_until").as("next"))
    .where("lease_until", "is not", null)
    .executeTakeFirst();
  return next?.next ?? null;
}

/** Ends subscriptions whose receiver responded with 410 Gone, and removes those whose endpoint or application was deleted. */
export async function endGone(services: Services, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const rows = await candidates(services)
      .where(({ eb, and, or }) =>
        or([
          eb("e.deleted_at", "is not", null),
          eb("a.deleted_at", "is not", null),
          and([eb("e.disabled", "=", 1), sql<boolean>`instr(e.disabled_json, ${`"reason":"${GONE}"`}) > 0`]),
        ]),
      )
      .limit(STEP)
      .execute();
    await endAll(services, rows, () => Promise.resolve(true));
    await announce(
      services,
      rows.filter(({ isDeleted }) => isDeleted === 1),
      ENDED,
    );
    if (rows.length < STEP) return;
  }
}

function candidates({ store }: Services) {
  return store.db
    .selectFrom("subscription as s")
    .innerJoin("endpoint as e", "e.id", "s.endpoint_id")
    .innerJoin("application as a", "a.id", "s.app_id")
    .select(["s.id as key", "s.app_id", "e.id as endpointKey", "e.public_id as endpointId", "e.uid as endpointUid"])
    .select(["s.protocol", "e.config_sealed"])
    .select(sql<number>`CASE WHEN e.deleted_at IS NULL THEN 0 ELSE 1 END`.as("isDeleted"));
}

const ENDED: Termination = { code: -32_011, message: "The subscription was ended on the server. Subscribe again." };
const REVOKED: Termination = { code: -32_012, message: "The access with which you subscribed was taken away." };

/** Ends subscriptions of MCP clients whose principal may no longer receive the events. */
export async function endRevoked(services: Services, signal: AbortSignal): Promise<void> {
  for (let after = 0; !signal.aborted;) {
    const rows = await candidates(services)
      .select(["a.org_id", "s.principal", "s.token_hash", "s.updated_at"])
      .where("s.protocol", "=", "mcp")
      .where("s.id", ">", after)
      .orderBy("s.id")
      .limit(STEP)
      .execute();
    const ended: Candidate[] = [];
    for (const row of rows) {
      const { principal, token_hash: tokenHash, org_id: orgKey, app_id: appKey, updated_at: confirmedAt } = row;
      const held = { principal: principal ?? "", tokenHash, orgKey, appKey, confirmedAt };
      if (!(await isStillEntitled(services.store.db, held, services.now()))) ended.push(row);
    }
    await endAll(services, ended, () => Promise.resolve(true));
    await announce(services, ended, REVOKED);
    if (rows.length < STEP) return;
    after = rows.at(-1)!.key;
  }
}

/** Callbacks that are told at the same time. */
const CONCURRENT = 8;

async function announce(services: Services, rows: readonly Candidate[], termination: Termination): Promise<void> {
  const own = rows.filter(({ protocol }) => protocol === "mcp");
  for (let index = 0; index < own.length; index += CONCURRENT) {
    await Promise.all(own.slice(index, index + CONCURRENT).map((row) => announceTo(services, row, termination)));
  }
}

async function announceTo(services: Services, row: Candidate, termination: Termination): Promise<void> {
  const { app_id: appKey, endpointKey: id, config_sealed } = row;
  const config = openConfig(services.secretBox, { id, kind: MCP_EVENTS_KIND, config_sealed });
  if (config === null) return;
  const ctx: OutsideContext = { services, tx: null, actor: await actorOf(services.store.db, appKey) };
  await announceEnd(ctx, appKey, config as unknown as McpCallback, termination);
}

type Candidate = Awaited<ReturnType<ReturnType<typeof candidates>["execute"]>>[number];

async function endAll(
  services: Services,
  rows: readonly Candidate[],
  isDue: (tx: Tx, row: Candidate) => Promise<boolean>,
): Promise<void> {
  if (rows.length === 0) return;
  await services.store.transaction(async (tx) => {
    for (const row of rows) {
      if (!(await isDue(tx, row))) continue;
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
    }
  }, "subscription.end");
}
