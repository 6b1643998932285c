/** Sessions that began at an identity provider: starts and completes a sign-in there, and handles its logouts. */
import { setTimeout as delay } from "node:timers/promises";
import { PosthornError } from "../../../lib/errors.ts";
import { hashToken } from "../../auth/hash-token.ts";
import type { Services } from "../../context.ts";
import type { OidcAttempt, OidcLogout } from "./protocol.ts";
import { AFTER_LOGOUT_PATH, CALLBACK_PATH } from "./paths.ts";
import { clientSettings, findProviderRow, type ProviderRow } from "./provider.ts";
import { sealedIn } from "../../../store/sealed-columns.ts";
import type { Tx } from "../../../store/tx.ts";

/** How long a person may take at the provider. */
const ATTEMPT_MS = 600_000;

/** State that the browser keeps, encrypted, while the person is at the provider. */
export interface ProviderAttempt extends OidcAttempt {
  readonly provider: string;
  /** Path of the page to show afterwards. */
  readonly returnTo: string;
  /** ID of the person whose account is connected with the provider; `null`: a sign-in. */
  readonly connects: string | null;
  readonly expiresAt: number;
}

export interface StartedAttempt {
  /** Where to send the browser. */
  readonly url: string;
  /** For the cookie. */
  readonly sealed: string;
  readonly expiresAt: number;
}

export interface SignInProvider {
  readonly id: string;
  readonly name: string;
}

/**
 * The providers that a sign-in page offers. On a server with several organisations, only those for the domain of the email address, so that
 * the page does not list the organisations.
 */
export async function offeredProviders({ store }: Services, email: string | null): Promise<readonly SignInProvider[]> {
  const rows = await store.db
    .selectFrom("identity_provider")
    .select(["public_id as id", "name", "org_id", "domains_json"])
    .where("enabled", "=", 1)
    .orderBy("id")
    .limit(1000)
    .execute();
  const { organisations } = await store.db
    .selectFrom("organisation")
    .select((eb) => eb.fn.countAll<number>().as("organisations"))
    .executeTakeFirstOrThrow();
  const domain = email === null ? null : email.slice(email.lastIndexOf("@") + 1).toLowerCase();
  return rows
    .filter(({ domains_json: json }) => organisations <= 1 || (JSON.parse(json) as string[]).includes(domain ?? ""))
    .map(({ id, name }) => ({ id, name }));
}

/** Context of the encrypted cookie, which is not stored. */
const ATTEMPT_COOKIE = "cookie of a sign-in attempt";

/** Starts a sign-in, or the connection of an account, at a provider. */
export async function startAttempt(
  services: Services,
  input: { readonly provider: string; readonly returnTo: string; readonly connects: string | null },
): Promise<StartedAttempt> {
  const row = await enabledProvider(services, input.provider);
  const redirectUri = services.rules.publicUrl() + CALLBACK_PATH;
  const { url, attempt } = await services.identityProviders.begin(clientSettings({ services }, row), redirectUri);
  const expiresAt = services.now() + ATTEMPT_MS;
  const kept: ProviderAttempt = { ...attempt, ...input, returnTo: safePath(input.returnTo), expiresAt };
  const sealed = Buffer.from(services.secretBox.seal(JSON.stringify(kept), ATTEMPT_COOKIE)).toString("base64url");
  return { url, sealed, expiresAt };
}

/** The attempt in the cookie. Throws `link_invalid` if it is not from this server, or has expired. */
export function openAttempt({ secretBox, now }: Services, sealed: string | null): ProviderAttempt {
  const text = sealed === null ? null : openText(secretBox, sealed);
  const attempt = text === null ? null : (JSON.parse(text) as ProviderAttempt);
  if (attempt !== null && attempt.expiresAt > now()) return attempt;
  throw new PosthornError("link_invalid", "This sign-in has expired, or began in another browser. Start again.");
}

function openText(box: Services["secretBox"], sealed: string): string | null {
  try {
    return box.open(Buffer.from(sealed, "base64url"), ATTEMPT_COOKIE);
  } catch {
    return null;
  }
}

export async function enabledProvider({ store }: Pick<Services, "store">, id: string): Promise<ProviderRow> {
  const row = await findProviderRow(store.db, id);
  if (row?.enabled === 1) return row;
  throw new PosthornError(
    "identity_refused",
    "This identity provider is no longer in use. Use another way to sign in.",
  );
}

/**
 * A path of this server. Anything that a browser could take for another host becomes the start page: `//host`, a backslash, which browsers
 * read as a slash, and control characters, which they skip.
 */
export function safePath(path: string): string {
  const isSafe =
    /^\/(?![/\\])[^\\\p{C}]*$/u.test(path) && URL.parse(path, "http://posthorn.test")?.host === "posthorn.test";
  return isSafe ? path : "/";
}

/** How long a person who signs out waits for the provider. */
const SIGN_OUT_WAIT_MS = 3000;

/**
 * Returns a function that returns the URL which ends the session at its provider as well; `null`: it did not begin at one, or the provider
 * cannot do that, or does not respond. To be called when the session here has ended, because the provider may be slow.
 */
export async function providerSignOut(services: Services, cookie: string): Promise<() => Promise<string | null>> {
  const session = await services.store.db
    .selectFrom("person_session as s")
    .innerJoin("identity_provider as p", "p.id", "s.provider_id")
    .selectAll("p")
    .select(["s.id as session_key", "s.id_token_sealed"])
    .where("s.hash", "=", hashToken(cookie))
    .executeTakeFirst();
  if (session === undefined || session.id_token_sealed === null) return () => Promise.resolve(null);
  const { id_token_sealed: sealed, session_key: key, ...row } = session;
  const idToken = services.secretBox.open(sealed, sealedIn("person_session.id_token_sealed", key));
  const returnTo = services.rules.publicUrl() + AFTER_LOGOUT_PATH;
  return () => {
    const url = services.identityProviders
      .endSessionUrl(clientSettings({ services }, row), { idToken, returnTo })
      .catch(() => null);
    return Promise.race([url, delay(SIGN_OUT_WAIT_MS, null, { ref: false })]);
  };
}

/**
 * Ends the sessions that a logout at the provider names (back-channel logout), and with them those of the person's command line and connected
 * clients, which began in such a session but have no session of their own at the provider. Returns how many.
 */
export async function endProviderSessions(services: Services, row: ProviderRow, logout: OidcLogout): Promise<number> {
  return await services.store.transaction(async (tx) => {
    const subject = logout.subject ?? (await subjectOf(tx, row, logout.sessionId));
    const { numDeletedRows } = await tx.db
      .deleteFrom("person_session")
      .where("provider_id", "=", row.id)
      .where((eb) => {
        const named = [
          ...(logout.sessionId === null ? [] : [eb("provider_session", "=", logout.sessionId)]),
          ...(logout.subject === null ? [] : [eb("provider_subject", "=", logout.subject)]),
        ];
        const derived = eb.and([eb("kind", "in", ["cli", "client"]), eb("provider_subject", "=", subject)]);
        return eb.or([eb.and(named), derived]);
      })
      .executeTakeFirst();
    if (numDeletedRows > 0n) tx.signal({ kind: "tokens" });
    return Number(numDeletedRows);
  }, "session.provider-logout");
}

/** The person with this session ID at the provider; `null` if there is no such session here. */
async function subjectOf({ db }: Tx, { id }: ProviderRow, sessionId: string | null): Promise<string | null> {
  const row = await db
    .selectFrom("person_session")
    .select("provider_subject")
    .where("provider_id", "=", id)
    .where("provider_session", "=", sessionId)
    .executeTakeFirst();
  return row?.provider_subject ?? null;
}
