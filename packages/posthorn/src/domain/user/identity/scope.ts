/**
 * What a session that began at an identity provider may do.
 *
 * It counts only in the organisation of the provider: who runs the provider can sign in there as any of its people, and must not reach another
 * organisation that way, neither directly nor with a password, a passkey or a provider that they add to the account.
 */
import type { Kysely } from "kysely";
import { PosthornError } from "../../../lib/errors.ts";
import type { Database } from "../../../store/schema.ts";

interface PersonSession {
  readonly key: number;
  readonly sessionKey: number;
}

interface SessionProvider {
  readonly name: string;
  readonly orgId: number;
}

/** The provider at which a session began; `null`: the person signed in with a password or a passkey. */
async function providerOf(db: Kysely<Database>, sessionKey: number): Promise<SessionProvider | null> {
  const row = await db
    .selectFrom("person_session as s")
    .innerJoin("identity_provider as p", "p.id", "s.provider_id")
    .select(["p.name", "p.org_id as orgId"])
    .where("s.id", "=", sessionKey)
    .executeTakeFirst();
  return row ?? null;
}

/** Throws `insufficient access` if the session began at the provider of another organisation. `null`: one that is yet to be created. */
export async function requireSessionFor(
  db: Kysely<Database>,
  { sessionKey }: Pick<PersonSession, "sessionKey">,
  orgId: number | null,
): Promise<void> {
  const provider = await providerOf(db, sessionKey);
  if (provider !== null && provider.orgId !== orgId) throw outOfScope(provider);
}

/**
 * Throws `insufficient access` if the session may not change how the person signs in: it began at a provider, and the person belongs to
 * another organisation too.
 */
export async function requireOwnAccount(db: Kysely<Database>, { key, sessionKey }: PersonSession): Promise<void> {
  const provider = await providerOf(db, sessionKey);
  if (provider === null) return;
  const other = await db
    .selectFrom("membership")
    .select("id")
    .where("person_id", "=", key)
    .where("org_id", "!=", provider.orgId)
    .limit(1)
    .executeTakeFirst();
  if (other !== undefined) throw outOfScope(provider);
}

function outOfScope({ name }: SessionProvider): PosthornError {
  return new PosthornError(
    "insufficient access",
    `You signed in with ${name}, which counts only for the organisation that set it up. Sign in with your password or a passkey to do this. If you have neither, add one while you belong to that organisation only, or ask an administrator of the other one.`,
  );
}
