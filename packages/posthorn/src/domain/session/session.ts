/** Sessions of people: of browsers, with a cookie, and of command lines, with a token. */
import { randomBytes } from "node:crypto";
import type { SessionKind } from "../../store/people-schema.ts";
import { sealedIn } from "../../store/sealed-columns.ts";
import type { Tx } from "../../store/tx.ts";
import { type Call, type Context, reader, type TransactionServices, write } from "../context.ts";
import { recordPersonAction } from "../audit/person.ts";
import { notFound } from "../../lib/errors.ts";
import { CLI_PREFIX, SESSION_MS, SESSION_PREFIX, sessionEnd } from "./identity.ts";
import { hashToken } from "../auth/hash-token.ts";
import { idIterator } from "../paging.ts";

/** Where a request comes from, as shown in the list of sessions. */
export interface Client {
  readonly ip: string;
  readonly userAgent: string;
}

export interface NewSession {
  readonly kind: SessionKind;
  /** `null`: of the developer who followed the link of `npm start`. */
  readonly personKey: number | null;
  readonly orgId: number;
  readonly secondFactorAt: number | null;
  readonly client: Client;
  readonly lifetimeMs?: number;
  /** The identity provider at which it begins; absent: none. */
  readonly provider?: ProviderSession;
}

/** Session at an identity provider. */
export interface ProviderSession {
  readonly key: number;
  readonly subject: string;
  /** The provider's own ID of it; `null`: the provider names none. */
  readonly sessionId: string | null;
  /** Names the session to the provider when the person signs out; `null`: a command line does not sign out there. */
  readonly idToken: string | null;
}

export interface StartedSession {
  readonly id: string;
  /** Value of the cookie, or token. It is stored nowhere. */
  readonly secret: string;
  readonly expiresAt: number;
}

const MAX_USER_AGENT = 300;

/** Starts a session. Its secret is always new, so that a session cannot be planted in the browser of another person. */
export async function startSession(
  services: Pick<TransactionServices, "auditSigner" | "ids" | "now" | "operational" | "secretBox">,
  tx: Tx,
  { kind, personKey, orgId, secondFactorAt, client, lifetimeMs = SESSION_MS, provider }: NewSession,
): Promise<StartedSession> {
  const secret = (kind === "cli" ? CLI_PREFIX : SESSION_PREFIX) + randomBytes(32).toString("base64url");
  const { key, id } = services.ids.next("ses_");
  const at = services.now();
  const idToken = provider?.idToken ?? null;
  await tx.db
    .insertInto("person_session")
    .values({
      id: key,
      public_id: id,
      kind,
      hash: hashToken(secret),
      person_id: personKey,
      org_id: orgId,
      created_at: at,
      last_used_at: at,
      expires_at: at + lifetimeMs,
      second_factor_at: secondFactorAt,
      ip: client.ip,
      user_agent: client.userAgent.slice(0, MAX_USER_AGENT),
      provider_id: provider?.key ?? null,
      provider_subject: provider?.subject ?? null,
      provider_session: provider?.sessionId ?? null,
      id_token_sealed:
        idToken === null ? null : services.secretBox.seal(idToken, sealedIn("person_session.id_token_sealed", key)),
    })
    .execute();
  await recordPersonAction(services, tx, {
    orgId,
    action: "session.start",
    personKey,
    target: { kind: "session", id, name: null },
    facts: { kind, hasSecondFactor: secondFactorAt !== null },
    client,
  });
  return { id, secret, expiresAt: at + lifetimeMs };
}

/** Ends the session with this cookie or token, if there is one. */
export async function endSessionOf({ db, signal }: Tx, secret: string): Promise<void> {
  const { numDeletedRows } = await db
    .deleteFrom("person_session")
    .where("hash", "=", hashToken(secret))
    .executeTakeFirst();
  if (numDeletedRows > 0n) signal({ kind: "tokens" });
}

/** Ends all sessions of a person, except the one with this key. */
export async function endSessions({ db, signal }: Tx, personKey: number, except: number | null): Promise<void> {
  let query = db.deleteFrom("person_session").where("person_id", "=", personKey);
  if (except !== null) query = query.where("id", "!=", except);
  await query.execute();
  signal({ kind: "tokens" });
}

export interface Session {
  readonly id: string;
  readonly kind: SessionKind;
  readonly isCurrent: boolean;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  /** When it ends if it is not used until then. */
  readonly expiresAt: number;
  readonly hasSecondFactor: boolean;
  readonly ip: string;
  readonly userAgent: string;
}

/** The sessions of a person that have not ended, newest first. */
export async function listSessions(
  ctx: Context,
  personKey: number,
  currentKey: number | null,
): Promise<readonly Session[]> {
  const rows = await reader(ctx)
    .selectFrom("person_session")
    .selectAll()
    .where("person_id", "=", personKey)
    // They have a list of their own, with what they may do.
    .where("kind", "!=", "client")
    .orderBy("id", "desc")
    .execute();
  return rows
    .map((row) => ({
      id: row.public_id,
      kind: row.kind,
      isCurrent: row.id === currentKey,
      createdAt: row.created_at,
      lastUsedAt: row.last_used_at,
      expiresAt: sessionEnd(row),
      hasSecondFactor: row.second_factor_at !== null,
      ip: row.ip,
      userAgent: row.user_agent,
    }))
    .filter(({ expiresAt }) => expiresAt > ctx.services.now());
}

/** Ends one session of a person. All nodes refuse it almost immediately. */
export async function endSession({
  ctx,
  input,
}: Call<{ readonly personKey: number; readonly session: string }>): Promise<void> {
  await write(ctx, async ({ db, signal }) => {
    const { numDeletedRows } = await db
      .deleteFrom("person_session")
      .where("id", "=", idIterator("ses_")(input.session) ?? -1)
      .where("public_id", "=", input.session)
      .where("person_id", "=", input.personKey)
      .executeTakeFirst();
    if (numDeletedRows === 0n) throw notFound("session");
    signal({ kind: "tokens" });
  });
}
