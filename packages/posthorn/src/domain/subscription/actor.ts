import type { Kysely } from "kysely";
import type { Database } from "../../store/schema.ts";
import type { Actor, Capability } from "../access.ts";

/** Caller of changes that a receiver makes with a topic URL or a subscription token: confined to the application, and to its endpoints. */
export async function actorOf(
  db: Kysely<Database>,
  appKey: number,
): Promise<Extract<Actor, { readonly kind: "application" }>> {
  const row = await db
    .selectFrom("application as a")
    .innerJoin("organisation as o", "o.id", "a.org_id")
    .select(["a.public_id as app", "o.id as orgId", "o.public_id as org"])
    .where("a.id", "=", appKey)
    .executeTakeFirstOrThrow();
  return {
    kind: "application",
    orgId: row.orgId,
    orgPublicId: row.org,
    appId: appKey,
    appPublicId: row.app,
    sessionId: null,
    capabilities: CAPABILITIES,
    featureFlags: new Set(),
    tokenHash: new Uint8Array(),
    tokenExpiresAt: Number.POSITIVE_INFINITY,
  };
}

const CAPABILITIES: ReadonlySet<Capability> = new Set(["ViewBase", "ManageEndpoint"]);
