/** Sign-in of people: password, second factor, and the link of a developer. */
import type { Kysely } from "kysely";
import { PosthornError } from "../../lib/errors.ts";
import type { Database } from "../../store/schema.ts";
import type { Tx } from "../../store/tx.ts";
import type { Services } from "../context.ts";
import { LATER_ORGANISATION, ownOrganisation } from "../organisation/ensure.ts";
import { checkPassword, hashPassword } from "../user/password-hash.ts";
import { useRecoveryCode } from "../user/recovery-codes.ts";
import { checkTotp } from "../user/totp.ts";
import type { PersonRow } from "../user/user.ts";
import { knownBrowser, newBrowser } from "./browser.ts";
import { addressSubject, clearAttempts, countAttempt, type Subject } from "./limits.ts";
import { createOneTime, findOneTime, takeOneTime } from "./one-time.ts";
import { type Client, endSessionOf, type ProviderSession, startSession, type StartedSession } from "./session.ts";
import { sealedIn } from "../../store/sealed-columns.ts";

/** Context that a browser sends with an attempt. */
export interface Attempt extends Client {
  /** Session cookie of the browser; `null`: it has none. Its session ends, so that it cannot be continued by someone else. */
  readonly session: string | null;
  /** Cookie of a browser in which a person signed in before; `null`: it has none. */
  readonly browser: string | null;
}

export interface SignedIn {
  readonly status: "signed_in";
  readonly session: StartedSession;
  /** For the cookie of a known browser; `null`: unchanged. */
  readonly browser: string | null;
}

export type SignInResult =
  | SignedIn
  /** The password was right. `challenge` and a code of the second factor complete the sign-in. */
  | { readonly status: "second_factor_required"; readonly challenge: string; readonly expiresAt: number };

const CHALLENGE_MS = 600_000;
/** The link of a developer is for one machine. */
const DEVELOPER_SESSION_MS = 7 * 86_400_000;

/** Signs in with email address and password. The error reveals neither whether there is an account nor what is wrong. */
export async function signInWithPassword(
  services: Services,
  { email, password }: { readonly email: string; readonly password: string },
  attempt: Attempt,
): Promise<SignInResult> {
  const address = email.trim().normalize("NFC").toLowerCase();
  const person = await services.store.db
    .selectFrom("person")
    .selectAll()
    .where("email", "=", address)
    .executeTakeFirst();
  const browser = knownBrowser(services.tokens, person?.public_id ?? "", attempt.browser);
  // Others can use up the attempts of an account, but not those of the browser of its owner.
  const subjects: readonly Subject[] =
    browser === null
      ? [addressSubject(attempt.ip), { kind: "account", name: accountName(address) }]
      : [{ kind: "browser", name: browser }];
  await countAttempt(services, subjects);
  const { matches, isOutdated } = await checkPassword(password, person?.password_hash ?? null);
  if (person === undefined || !matches || person.disabled_at !== null) throw signInFailed();
  await clearAttempts(services, subjects);
  const rehashed = isOutdated ? await hashPassword(password) : null;
  return await services.store.transaction(async (tx) => {
    if (rehashed !== null) {
      await tx.db
        .updateTable("person")
        .set({ password_hash: rehashed })
        .where("id", "=", person.id)
        .where("password_hash", "=", person.password_hash)
        .execute();
    }
    return await completeSignIn(services, tx, person, attempt);
  }, "session.sign-in");
}

/** Starts the session of an authenticated person, or asks for the second factor. Used by every way to sign in. */
export async function completeSignIn(
  services: Services,
  tx: Tx,
  person: PersonRow,
  attempt: Attempt,
): Promise<SignInResult> {
  if (person.totp_sealed === null) return await beginSession(services, tx, person, attempt, { secondFactorAt: null });
  const orgId = await organisationOf(tx.db, person);
  const challenge = await createOneTime(services, tx.db, {
    kind: "challenge",
    orgId,
    personKey: person.id,
    lifetimeMs: CHALLENGE_MS,
  });
  return { status: "second_factor_required", challenge: challenge.code, expiresAt: challenge.expiresAt };
}

/** Completes a sign-in with a one-time code or a recovery code. */
export async function signInWithSecondFactor(
  services: Services,
  { challenge, code }: { readonly challenge: string; readonly code: string },
  attempt: Attempt,
): Promise<SignInResult> {
  const { store, now } = services;
  const found = await findOneTime(store.db, "challenge", challenge, now());
  const subjects: readonly Subject[] = [{ kind: "factor", name: String(found.person_id) }];
  await countAttempt(services, subjects);
  const result = await store.transaction(async (tx) => {
    const { person_id: personKey } = await findOneTime(tx.db, "challenge", challenge, now());
    const person = await lockedPerson(tx.db, personKey ?? -1);
    if (person === null || person.disabled_at !== null) throw signInFailed();
    await useSecondFactor(services, tx.db, person, code);
    await takeOneTime(tx.db, "challenge", challenge, now());
    return await beginSession(services, tx, person, attempt, { secondFactorAt: now() });
  }, "session.second-factor");
  await clearAttempts(services, subjects);
  return result;
}

/** Checks a one-time or recovery code, and makes sure that it does not work again. */
export async function useSecondFactor(
  { secretBox, now }: Pick<Services, "secretBox" | "now">,
  db: Kysely<Database>,
  person: PersonRow,
  code: string,
): Promise<void> {
  if (person.totp_sealed === null) throw secondFactorFailed();
  const secret = secretBox.open(person.totp_sealed, sealedIn("person.totp_sealed", person.id));
  const step = checkTotp(secret, code, now(), person.totp_step);
  if (step !== null) {
    await db.updateTable("person").set({ totp_step: step }).where("id", "=", person.id).execute();
    return;
  }
  const rest = useRecoveryCode(person.recovery_codes_json, code);
  if (rest === null) throw secondFactorFailed();
  await db.updateTable("person").set({ recovery_codes_json: rest }).where("id", "=", person.id).execute();
}

/** The row of a person, locked until the end of the transaction, so that a code is not used twice at the same time. */
export async function lockedPerson(db: Kysely<Database>, key: number): Promise<PersonRow | null> {
  const row = await db
    .updateTable("person")
    .set((eb) => ({ created_at: eb.ref("created_at") }))
    .where("id", "=", key)
    .returningAll()
    .executeTakeFirst();
  return row ?? null;
}

/** Signs in with the code in the link of `npm start`. */
export async function signInWithDeveloperCode(
  services: Services,
  code: string,
  attempt: Attempt,
): Promise<SignInResult> {
  const subjects = [addressSubject(attempt.ip)];
  await countAttempt(services, subjects);
  await findOneTime(services.store.db, "developer", code, services.now());
  const own = await ownOrganisation(services);
  const result = await services.store.transaction(async (tx) => {
    const { org_id: named } = await takeOneTime(tx.db, "developer", code, services.now());
    const orgId = named === LATER_ORGANISATION ? own : named;
    await endEarlier(tx, attempt);
    const session = await startSession(services, tx, {
      kind: "browser",
      personKey: null,
      orgId,
      secondFactorAt: null,
      client: attempt,
      lifetimeMs: DEVELOPER_SESSION_MS,
    });
    return { status: "signed_in", session, browser: null } as const;
  }, "session.developer");
  await clearAttempts(services, subjects);
  return result;
}

/** How a person proved who they are. */
export interface Proof {
  readonly secondFactorAt: number | null;
  /** Organisation that the session is in; absent: the first one of the person. */
  readonly orgId?: number;
  readonly provider?: ProviderSession;
}

/** Starts the session of a person after all checks, and ends the earlier session of the browser. */
export async function beginSession(
  services: Services,
  tx: Tx,
  person: PersonRow,
  attempt: Attempt,
  { secondFactorAt, orgId, provider }: Proof,
): Promise<SignedIn> {
  const organisation = orgId ?? (await organisationOf(tx.db, person));
  await endEarlier(tx, attempt);
  const session = await startSession(services, tx, {
    kind: "browser",
    personKey: person.id,
    orgId: organisation,
    secondFactorAt,
    client: attempt,
    ...(provider === undefined ? {} : { provider }),
  });
  await tx.db.updateTable("person").set({ last_sign_in_at: services.now() }).where("id", "=", person.id).execute();
  return { status: "signed_in", session, browser: newBrowser(services.tokens, person.public_id) };
}

async function endEarlier(tx: Tx, { session }: Attempt): Promise<void> {
  if (session !== null) await endSessionOf(tx, session);
}

/** The organisation that a new session is in: the first one of the person. */
export async function organisationOf(db: Kysely<Database>, { id }: PersonRow): Promise<number> {
  const row = await db
    .selectFrom("membership")
    .select("org_id")
    .where("person_id", "=", id)
    .orderBy("id")
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) throw signInFailed();
  return row.org_id;
}

/** An address may be as long as a request. */
function accountName(address: string): string {
  return address.slice(0, 254);
}

export function signInFailed(): PosthornError {
  return new PosthornError("sign_in_failed", "The email address or the password is wrong.");
}

function secondFactorFailed(): PosthornError {
  return new PosthornError("second_factor_failed", "The code is wrong, has expired or was already used.");
}
