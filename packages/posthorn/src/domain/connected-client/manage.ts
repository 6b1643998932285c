/** Connected clients as people see and revoke them: their own, and with `people:manage` those of the whole organisation. */
import { notFound, PosthornError } from "../../lib/errors.ts";
import type { Actor } from "../access.ts";
import { type Call, type Context, reader, write } from "../context.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage } from "../paging.ts";
import { CLIENT_IDLE_MS, sessionEnd } from "../session/identity.ts";
import { isDocumentUrl } from "./document.ts";
import { removeConnection } from "./end.ts";
import { type ClientScope, scopesOf } from "./scope.ts";

export interface ConnectedClient {
  readonly id: string;
  readonly name: string;
  /** Host of its metadata document; `null`: it registered itself. */
  readonly host: string | null;
  readonly scopes: readonly ClientScope[];
  readonly user: { readonly id: string; readonly email: string; readonly name: string };
  readonly connectedAt: number;
  readonly lastUsedAt: number;
  /** When it ends if it is not used until then. */
  readonly expiresAt: number;
}

/** The connections that have not ended, newest first. */
export async function listConnectedClients({ ctx, input }: Call<PageRequest>): Promise<Page<ConnectedClient>> {
  const now = ctx.services.now();
  const page = await readPage(input, { order: "desc", keyOf: idIterator("ses_") }, (slice) => {
    let query = visible(ctx)
      .where("c.connected_at", "is not", null)
      .where("s.expires_at", ">", now)
      .where("s.last_used_at", ">", now - CLIENT_IDLE_MS)
      .orderBy("c.id", slice.order)
      .limit(slice.limit);
    if (slice.from !== null) query = query.where("c.id", comparison(slice.order), slice.from);
    return query.execute();
  });
  return {
    ...page,
    rows: page.rows.map((row) => ({
      id: row.public_id,
      name: row.name,
      host: isDocumentUrl(row.client_id) ? new URL(row.client_id).host : null,
      scopes: scopesOf(row.scope),
      user: { id: row.user, email: row.email, name: row.user_name },
      connectedAt: row.connected_at ?? 0,
      lastUsedAt: row.last_used_at,
      expiresAt: sessionEnd(row),
    })),
  };
}

/** Ends a connection. All nodes refuse its tokens at once. */
export async function revokeConnectedClient({ ctx, input }: Call<{ readonly id: string }>): Promise<void> {
  const key = idIterator("ses_")(input.id) ?? -1;
  const row = await visible(ctx).where("c.id", "=", key).where("s.public_id", "=", input.id).executeTakeFirst();
  if (row === undefined) throw notFound("connected client");
  ctx.audit?.found(input.id, row.public_id, row.name);
  await write(ctx, (tx) => removeConnection(tx, row.id));
}

function visible(ctx: Context) {
  const query = reader(ctx)
    .selectFrom("connected_client as c")
    .innerJoin("person_session as s", "s.id", "c.id")
    .innerJoin("person as p", "p.id", "s.person_id")
    .select(["c.id", "c.name", "c.client_id", "c.scope", "c.connected_at"])
    .select(["s.public_id", "s.kind", "s.last_used_at", "s.expires_at"])
    .select(["p.public_id as user", "p.email", "p.name as user_name"])
    .where("s.org_id", "=", ctx.actor.orgId);
  const person = ownOnly(ctx.actor);
  return person === null ? query : query.where("s.person_id", "=", person);
}

/** Key of the person if the caller sees only their own connections; `null` if the caller sees those of everyone. */
function ownOnly(actor: Actor): number | null {
  if (actor.kind === "organisation") {
    const { caller, grant } = actor;
    if (grant.permissions.has("people:manage") && grant.applications === null) return null;
    if (caller.kind === "user") return caller.key;
  }
  throw new PosthornError(
    "insufficient access",
    "Without the permission people:manage, only users have connected clients.",
  );
}
