/** Ends connections: for their client, after a token was reused, or with their session. */
import type { Selectable } from "kysely";
import type { ConnectedClientTable } from "../../store/connected-client-schema.ts";
import type { Tx } from "../../store/tx.ts";
import { recordPersonAction } from "../audit/person.ts";
import { hashToken } from "../auth/hash-token.ts";
import type { Services } from "../context.ts";
import { ACCESS_PREFIX } from "./authenticate.ts";
import { findRefreshed, hasSession } from "./refresh-token.ts";

type Row = Selectable<ConnectedClientTable>;

/** Where a request comes from, for the audit log. */
export interface Requester {
  readonly ip: string;
  readonly userAgent: string;
}

/** Ends a connection because its client asks for it (RFC 7009). Does nothing if the token belongs to none. */
export async function revokeToken(services: Services, token: string, requester: Requester): Promise<void> {
  const isAccess = token.startsWith(ACCESS_PREFIX);
  // Transactions are scarce: requests with made-up tokens get none.
  const isKnown = isAccess
    ? (await findByAccess(services.store.db, token)) !== undefined
    : await hasSession(services.store.db, token);
  if (!isKnown) return;
  await services.store.transaction(async (tx) => {
    const row = isAccess ? await findByAccess(tx.db, token) : (await findRefreshed(tx, token))?.row;
    if (row !== undefined)
      await endAudited(services, tx, row, { action: "connected-client.disconnect", facts: {}, requester });
  }, "oauth.revoke");
}

function findByAccess(db: Services["store"]["db"], token: string): Promise<Row | undefined> {
  const hash = hashToken(token);
  return db
    .selectFrom("connected_client")
    .selectAll()
    .where((eb) => eb.or([eb("access_hash", "=", hash), eb("previous_access_hash", "=", hash)]))
    .executeTakeFirst();
}

interface Reuse {
  readonly reused: "code" | "refresh token";
  readonly requester: Requester;
}

/** Either someone else has the token, or the client has lost track of it. There is no way to tell which. */
export async function endReused(services: Services, tx: Tx, row: Row, { reused, requester }: Reuse): Promise<void> {
  await endAudited(services, tx, row, { action: "connected-client.reuse", facts: { reused }, requester });
}

interface Ending {
  readonly action: "connected-client.disconnect" | "connected-client.reuse";
  readonly facts: Readonly<Record<string, string>>;
  readonly requester: Requester;
}

async function endAudited(services: Services, tx: Tx, row: Row, { action, facts, requester }: Ending): Promise<void> {
  const session = await tx.db
    .selectFrom("person_session")
    .select(["public_id", "org_id", "person_id"])
    .where("id", "=", row.id)
    .executeTakeFirst();
  await removeConnection(tx, row.id);
  if (session === undefined) return;
  await recordPersonAction(services, tx, {
    orgId: session.org_id,
    action,
    personKey: session.person_id,
    target: { kind: "connected-client", id: session.public_id, name: row.name },
    facts,
    client: requester,
  });
}

/** Ends a connection: all its tokens, and its session. */
export async function removeConnection({ db, signal }: Tx, key: number): Promise<void> {
  await db.deleteFrom("connected_client").where("id", "=", key).execute();
  await db.deleteFrom("person_session").where("id", "=", key).where("kind", "=", "client").execute();
  signal({ kind: "tokens" });
}
