/** Retention of the audit log. */
import type { SweepOptions } from "../retention/retention.ts";
import type { Services } from "../context.ts";
import { saveHead, toHead } from "./append.ts";

/** Entries deleted in one transaction, few enough not to delay publishing noticeably. */
const STEP = 500;

/**
 * Deletes entries that are older than the retention, from the oldest on. The head keeps the number and hash of the last one, so that the rest
 * can still be verified. Returns how many were deleted.
 */
export async function pruneAudit(
  services: Services,
  retentionMs: number,
  { signal, pause }: Pick<SweepOptions, "signal" | "pause">,
): Promise<number> {
  const organisations = await services.store.db
    .selectFrom("audit_head as h")
    .innerJoin("organisation as o", "o.id", "h.org_id")
    .select(["h.org_id as orgId", "o.public_id as orgPublicId"])
    .execute();
  let deleted = 0;
  for (const organisation of organisations) {
    for (let step = STEP; step === STEP && !signal.aborted;) {
      step = await pruneStep(services, organisation, services.now() - retentionMs);
      deleted += step;
      await pause();
    }
  }
  return deleted;
}

interface Organisation {
  readonly orgId: number;
  readonly orgPublicId: string;
}

function pruneStep(services: Services, organisation: Organisation, before: number): Promise<number> {
  const { orgId, orgPublicId } = organisation;
  return services.store.transaction(async (tx) => {
    const { db } = tx;
    const head = await db.selectFrom("audit_head").selectAll().where("org_id", "=", orgId).executeTakeFirst();
    // A head that the server did not sign is evidence, and its signature would be replaced.
    if (head === undefined || !services.auditSigner.isGenuine(toHead(head, orgPublicId), head.signature)) return 0;
    const kept = await db
      .selectFrom("audit_entry")
      .select((eb) => eb.fn.min<number | null>("seq").as("seq"))
      .where("org_id", "=", orgId)
      .where("at", ">=", before)
      .executeTakeFirst();
    // If the clock was set back, times do not increase with `seq`. Deletion stops at the first entry that is recent enough.
    const end = Math.min((kept?.seq ?? head.seq + 1) - 1, head.pruned_seq + STEP);
    if (end <= head.pruned_seq) return 0;
    const last = await db
      .selectFrom("audit_entry")
      .select("hash")
      .where("org_id", "=", orgId)
      .where("seq", "=", end)
      .executeTakeFirst();
    if (last === undefined) return 0;
    const { numDeletedRows } = await db
      .deleteFrom("audit_entry")
      .where("org_id", "=", orgId)
      .where("seq", "<=", end)
      .executeTakeFirstOrThrow();
    await saveHead(services, tx, organisation, { ...head, pruned_seq: end, pruned_hash: last.hash });
    return Number(numDeletedRows);
  }, "audit.prune");
}

/** Replaces the signatures of heads that were signed with an earlier key. */
export async function resignHeads(services: Services): Promise<void> {
  const { auditSigner, store } = services;
  const heads = await store.db
    .selectFrom("audit_head as h")
    .innerJoin("organisation as o", "o.id", "h.org_id")
    .select(["h.org_id as orgId", "o.public_id as orgPublicId"])
    .where("h.key_id", "!=", auditSigner.keyId)
    .execute();
  for (const organisation of heads) {
    const { orgId, orgPublicId } = organisation;
    await store.transaction(async (tx) => {
      const head = await tx.db.selectFrom("audit_head").selectAll().where("org_id", "=", orgId).executeTakeFirst();
      if (head === undefined || !auditSigner.isGenuine(toHead(head, orgPublicId), head.signature)) return;
      await saveHead(services, tx, organisation, head);
    }, "audit.sign");
  }
}
