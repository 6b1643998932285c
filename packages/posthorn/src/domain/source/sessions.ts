/** Sessions, consumers and groups that sources have left at their peers, until they are removed there. */
import type { KindConfig } from "../../fields/field.ts";
import { peerSession } from "../../sources/kind.ts";
import { sourceKindNamed } from "../../sources/kinds.ts";
import type { Services, TransactionContext } from "../context.ts";
import { type Source, toSource } from "./source.ts";
import { sealedIn } from "../../store/sealed-columns.ts";

/** A session to be removed. Times are Unix milliseconds. */
export interface LeftSession {
  readonly sourceKey: number;
  /** Public ID of the source. */
  readonly sourceId: string;
  readonly identity: string;
  readonly kind: string;
  readonly config: KindConfig;
  readonly leftAt: number;
  /** Failed attempts to remove it. */
  readonly attempts: number;
  readonly nextAt: number;
}

/** Rows read with one query. */
const PAGE = 500;

/**
 * Records the sessions that a source leaves behind when its configuration changes. A session that it still uses is kept.
 *
 * @param after `null`: the source is being deleted.
 */
export async function leaveSession(
  { tx: { db }, services }: Pick<TransactionContext, "tx" | "services">,
  { key, id, kind: name, kindConfig }: Pick<Source, "key" | "id" | "kind" | "kindConfig">,
  after: KindConfig | null,
): Promise<void> {
  const kind = sourceKindNamed(name);
  const used = peerSession(kind, after);
  if (used !== null) {
    await db.deleteFrom("source_session").where("source_id", "=", key).where("identity", "=", used.identity).execute();
  }
  const left = peerSession(kind, kindConfig);
  if (left === null || left.identity === used?.identity) return;
  const now = services.now();
  await db
    .insertInto("source_session")
    .values({
      source_id: key,
      identity: left.identity,
      public_id: id,
      kind: name,
      config_sealed: services.secretBox.seal(
        JSON.stringify(kindConfig),
        sealedIn("source_session.config_sealed", key, left.identity),
      ),
      left_at: now,
      attempts: 0,
      next_at: now,
    })
    .onConflict((conflict) =>
      conflict.columns(["source_id", "identity"]).doUpdateSet((eb) => ({
        config_sealed: eb.ref("excluded.config_sealed"),
        left_at: now,
        attempts: 0,
        next_at: now,
      })),
    )
    .execute();
}

/** The sessions to be removed, by due time. */
export async function leftSessions({ store, secretBox }: Services): Promise<readonly LeftSession[]> {
  const rows = await store.db.selectFrom("source_session").selectAll().orderBy("next_at").limit(PAGE).execute();
  return rows.map((row) => ({
    sourceKey: row.source_id,
    sourceId: row.public_id,
    identity: row.identity,
    kind: row.kind,
    config: JSON.parse(
      secretBox.open(row.config_sealed, sealedIn("source_session.config_sealed", row.source_id, row.identity)),
    ) as KindConfig,
    leftAt: row.left_at,
    attempts: row.attempts,
    nextAt: row.next_at,
  }));
}

/** Whether it still has to be removed: its source has not started to use it again, and no other source uses it. */
export async function isLeft(services: Services, { sourceKey, identity, kind, config }: LeftSession): Promise<boolean> {
  const { db } = services.store;
  const row = await db
    .selectFrom("source_session")
    .select("source_id")
    .where("source_id", "=", sourceKey)
    .where("identity", "=", identity)
    .executeTakeFirst();
  if (row === undefined) return false;
  const declaration = sourceKindNamed(kind);
  if (peerSession(declaration, config)?.isNamedByUser !== true) return true;
  const others = await db
    .selectFrom("source")
    .selectAll()
    .where("kind", "=", kind)
    .where("deleted_at", "is", null)
    .where("id", "<>", sourceKey)
    .execute();
  return !others.some((other) => {
    const { kindConfig } = toSource(other, services.secretBox);
    return peerSession(declaration, kindConfig)?.identity === identity;
  });
}

/** Records that a session was removed, or no longer has to be. */
export async function endSession({ store }: Services, { sourceKey, identity }: LeftSession): Promise<void> {
  await store.transaction(
    ({ db }) =>
      db.deleteFrom("source_session").where("source_id", "=", sourceKey).where("identity", "=", identity).execute(),
    "source.session",
  );
}

/** Records that a session could not be removed. Another attempt follows at `nextAt`. */
export async function postponeSession(
  { store }: Services,
  { sourceKey, identity, attempts }: LeftSession,
  nextAt: number,
): Promise<void> {
  await store.transaction(
    ({ db }) =>
      db
        .updateTable("source_session")
        .set({ attempts: attempts + 1, next_at: nextAt })
        .where("source_id", "=", sourceKey)
        .where("identity", "=", identity)
        .execute(),
    "source.session",
  );
}
