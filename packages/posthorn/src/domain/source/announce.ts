import type { TransactionServices } from "../context.ts";
import type { OperationalEventType } from "../operational/events.ts";
import type { Tx } from "../../store/tx.ts";

/** Announces a change of a source to operational webhooks, in the same transaction. Returns `false` if the source was deleted. */
export async function announceSource(
  services: TransactionServices,
  tx: Tx,
  sourceKey: number,
  type: OperationalEventType,
  more: Readonly<Record<string, unknown>>,
): Promise<boolean> {
  const source = await tx.db
    .selectFrom("source")
    .select(["org_id", "public_id", "uid", "name"])
    .where("id", "=", sourceKey)
    .where("deleted_at", "is", null)
    .executeTakeFirst();
  if (source === undefined) return false;
  const { org_id: orgId, public_id: sourceId, uid: sourceUid, name: sourceName } = source;
  await services.operational.announce(tx, { orgId, type, data: { sourceId, sourceUid, sourceName, ...more } });
  return true;
}
