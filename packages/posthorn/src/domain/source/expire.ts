import { systemActor } from "../access.ts";
import type { Services } from "../context.ts";
import { deleteSource } from "./delete.ts";

/** Sources deleted in one run. The next run continues. */
const MOST = 200;

/** Deletes expired sources, such as captures. */
export async function expireSources(services: Services, signal: AbortSignal): Promise<void> {
  const { store, now } = services;
  const ended = await store.db
    .selectFrom("source")
    .innerJoin("organisation", "organisation.id", "source.org_id")
    .select(["source.public_id", "source.org_id", "organisation.public_id as org_public_id"])
    .where("source.expires_at", "<=", now())
    .where("source.deleted_at", "is", null)
    .limit(MOST)
    .execute();
  for (const { public_id: ref, org_id: orgId, org_public_id: orgPublicId } of ended) {
    if (signal.aborted) return;
    const actor = systemActor(orgId, orgPublicId);
    await deleteSource({ ctx: { services, actor, tx: null }, input: { ref } });
  }
}
