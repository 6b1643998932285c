/** An organisation comes into being when its first token is used. */
import { PosthornError } from "../../lib/errors.ts";
import type { Store } from "../../store/store.ts";
import type { Services } from "../context.ts";
import type { Tx } from "../../store/tx.ts";

/** The organisation of a server that has only one. */
export const DEFAULT_ORGANISATION = "org_00000000000000000000default";

/**
 * The key of an organisation, which is made when it is new. A second one is refused with `separate_origin_required` while inbound
 * webhooks share the origin of the dashboard: there, what its sources answer would reach the sessions of the first.
 */
export async function ensureOrganisation(services: Services, publicId: string): Promise<number> {
  const { store, rules } = services;
  const found = await findOrganisation(store.hotDb, publicId);
  if (found !== null) return found;
  await store.transaction(async ({ db }) => {
    if (!rules.separateIngest && (await hasOther(db, publicId))) throw refused();
    await db
      .insertInto("organisation")
      .values({ public_id: publicId, created_at: services.now() })
      .onConflict((conflict) => conflict.column("public_id").doNothing())
      .execute();
  }, "organisation.ensure");
  return (await findOrganisation(store.hotDb, publicId))!;
}

/** The key of the organisation that was there first; `null` while there is none. */
export async function firstOrganisation(store: Store): Promise<number | null> {
  const row = await store.hotDb.selectFrom("organisation").select("id").orderBy("id").limit(1).executeTakeFirst();
  return row?.id ?? null;
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
