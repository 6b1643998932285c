/** Creates an organisation when its first token is used. */
import { PosthornError } from "../../lib/errors.ts";
import type { Store } from "../../store/store.ts";
import { recordSystemChange } from "../audit/trail.ts";
import type { Services } from "../context.ts";
import type { Tx } from "../../store/tx.ts";

/** Id of the default organisation, for servers with only one. */
export const DEFAULT_ORGANISATION = "org_00000000000000000000default";

/**
 * Returns the key of an organisation, and creates the organisation if it is new. A second one is rejected with `separate_origin_required`
 * while inbound webhooks share the origin of the dashboard, because responses of its sources could access sessions of the first one.
 */
export async function ensureOrganisation(services: Services, publicId: string): Promise<number> {
  const { store, rules } = services;
  const found = await findOrganisation(store.hotDb, publicId);
  if (found !== null) return found;
  await store.transaction(async (tx) => {
    const { db } = tx;
    if (!rules.separateIngest && (await hasOther(db, publicId))) throw refused();
    const made = await db
      .insertInto("organisation")
      .values({ public_id: publicId, created_at: services.now() })
      .onConflict((conflict) => conflict.column("public_id").doNothing())
      .returning("id")
      .executeTakeFirst();
    // Another node may have created it.
    if (made === undefined) return;
    await recordSystemChange(services, tx, {
      orgId: made.id,
      action: "system.organisation.create",
      target: { kind: "organisation", id: publicId, name: null },
      application: null,
    });
  }, "organisation.ensure");
  return (await findOrganisation(store.hotDb, publicId))!;
}

/** Throws while inbound webhooks share the origin of the dashboard: there can be only one organisation then. */
export function refuseSharedOrigin({ rules }: Pick<Services, "rules">): void {
  if (!rules.separateIngest) throw refused();
}

/** Key of the oldest organisation; `null` if there is none. */
export async function firstOrganisation(db: Store["db"]): Promise<number | null> {
  const row = await db.selectFrom("organisation").select("id").orderBy("id").limit(1).executeTakeFirst();
  return row?.id ?? null;
}

/**
 * The organisation of a link that a server printed at its start. A new server has none yet, and does not create one for a link that may never
 * be used. Otherwise, it would refuse the organisation of the product later, unless inbound webhooks have a separate origin.
 */
export const LATER_ORGANISATION = 0;

/** Key of the oldest organisation, which is created if there is none. */
export async function ownOrganisation(services: Services): Promise<number> {
  return (await firstOrganisation(services.store.hotDb)) ?? (await ensureOrganisation(services, DEFAULT_ORGANISATION));
}

async function findOrganisation(db: Store["hotDb"], publicId: string): Promise<number | null> {
  const row = await db.selectFrom("organisation").select("id").where("public_id", "=", publicId).executeTakeFirst();
  return row?.id ?? null;
}

async function hasOther(db: Tx["db"], publicId: string): Promise<boolean> {
  const row = await db.selectFrom("organisation").select("id").where("public_id", "!=", publicId).executeTakeFirst();
  return row !== undefined;
}

function refused(): PosthornError {
  return new PosthornError(
    "separate_origin_required",
    "This server already has an organisation, and its inbound webhooks share an origin with the dashboard, where organisations " +
      "could read each other's sessions. Set POSTHORN_INGEST_URL to another origin to have several organisations.",
  );
}
