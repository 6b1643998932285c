/** From a token to who asks. */
import { createHash } from "node:crypto";
import { jwtVerify, SignJWT } from "jose";
import { LRUCache } from "lru-cache";
import { PosthornError } from "../../lib/errors.ts";
import { isId, isOrganisationId, keyOfId } from "../../lib/id.ts";
import type { Store } from "../../store/store.ts";
import { ANY_SESSION } from "./expire-all.ts";
import { type Actor, CAPABILITIES, type Capability } from "../access.ts";
import type { TokenIssuer } from "../ports.ts";

/** Opaque keys begin with this, so that a leaked one is known on sight. */
export const KEY_PREFIX = "phk_";

/** A claim of our own beside `iat`, whose seconds are too coarse to tell a token from one that was ended just before. */
const ISSUED_MS = "iat_ms";

/** Caller of a token, and when the token expires. */
export interface Identity {
  readonly actor: Actor;
  /** Unix milliseconds; infinity: never. */
  readonly expiresAt: number;
}

export interface AuthenticatorOptions {
  readonly store: Store;
  readonly jwtSecret: string;
  readonly now: () => number;
  /** Key of an organisation by its public id; makes it when it is new. */
  readonly ensureOrganisation: (publicId: string) => Promise<number>;
}

/** Checks tokens. What a token stands for is kept in memory until it ends, is revoked, or is crowded out. */
export class Authenticator implements TokenIssuer {
  readonly #options: AuthenticatorOptions;
  readonly #secret: Uint8Array;
  #epoch = 0;
  readonly #known = new LRUCache<string, Identity>({ max: 10_000 });
  readonly #listeners = new Set<() => void>();

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    this.#secret = new TextEncoder().encode(options.jwtSecret);
  }

  /** Throws `authentication_failed` or `bad_token`; never says more than that the token does not work. */
  async authenticate(token: string): Promise<Actor> {
    return (await this.identify(token)).actor;
  }

  /** As {@link authenticate}, with the time at which the token expires. */
  async identify(token: string): Promise<Identity> {
    let known = this.#known.get(token);
    if (known === undefined) {
      const epoch = this.#epoch;
      known = token.startsWith(KEY_PREFIX) ? await this.#fromKey(token) : await this.#fromJwt(token);
      // What was looked up while a token was revoked may be of before.
      if (epoch === this.#epoch) this.#known.set(token, known);
    }
    if (known.expiresAt <= this.#options.now()) throw refused();
    return known;
  }

  /** Empties the cache after a revocation, and tells the listeners of {@link onForget}. */
  forget(): void {
    this.#epoch++;
    this.#known.clear();
    for (const listener of this.#listeners) listener();
  }

  /** Calls `listener` after each revocation, on this node or another. Returns a function that removes the listener. */
  onForget(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  sign(claims: Record<string, unknown> & { readonly sub: string; readonly exp: number }): Promise<string> {
    const now = this.#options.now();
    return new SignJWT({ ...claims, [ISSUED_MS]: now })
      .setProtectedHeader({ alg: "HS256", typ: "JWT" })
      .setIssuedAt(Math.floor(now / 1000))
      .sign(this.#secret);
  }

  async #fromKey(token: string): Promise<Identity> {
    const row = await this.#options.store.hotDb
      .selectFrom("api_key")
      .innerJoin("organisation", "organisation.id", "api_key.org_id")
      .select(["api_key.org_id", "api_key.public_id as key_id", "organisation.public_id", "api_key.expires_at"])
      .where("hash", "=", hashToken(token))
      .executeTakeFirst();
    if (row === undefined) throw refused();
    return {
      actor: { kind: "organisation", orgId: row.org_id, orgPublicId: row.public_id, keyId: row.key_id },
      expiresAt: row.expires_at ?? Number.POSITIVE_INFINITY,
    };
  }

  async #fromJwt(token: string): Promise<Identity> {
    const claims = await this.#claims(token);
    const expiresAt = typeof claims["exp"] === "number" ? claims["exp"] * 1000 : Number.POSITIVE_INFINITY;
    // A signature has several base64url spellings that decode alike; the signed part has one.
    const tokenHash = hashToken(token.slice(0, token.lastIndexOf(".")));
    // Rows written by earlier versions hold the hash of the whole token; they count until they expire.
    if (await this.#isRevoked([tokenHash, hashToken(token)])) throw refused();
    const { sub, org } = claims;
    if (typeof sub === "string" && isOrganisationId(sub)) {
      const orgId = await this.#options.ensureOrganisation(sub);
      return { actor: { kind: "organisation", orgId, orgPublicId: sub, keyId: null }, expiresAt };
    }
    if (typeof sub === "string" && isId("app_", sub) && typeof org === "string" && isOrganisationId(org)) {
      const orgId = await this.#options.ensureOrganisation(org);
      const actor: ApplicationActor = {
        kind: "application",
        orgId,
        orgPublicId: org,
        appId: keyOfId("app_", sub) ?? -1,
        appPublicId: sub,
        sessionId: typeof claims["sid"] === "string" ? claims["sid"] : null,
        capabilities: capabilitiesOf(claims["cap"]),
        featureFlags: new Set(stringsOf(claims["feature_flags"]) ?? []),
        tokenHash,
        tokenExpiresAt: expiresAt,
      };
      if (await this.#isDeleted(actor.appId)) throw refused();
      return { actor, expiresAt: Math.min(expiresAt, await this.#endOf(actor, claims)) };
    }
    throw new PosthornError(
      "bad_token",
      "The token names neither an organisation (sub: org_…) nor an application (sub: app_…, org: org_…).",
    );
  }

  async #claims(token: string): Promise<Record<string, unknown>> {
    if (!hasCanonicalSignature(token)) throw refused();
    try {
      const currentDate = new Date(this.#options.now());
      const { payload } = await jwtVerify(token, this.#secret, { algorithms: ["HS256"], currentDate });
      return payload;
    } catch (cause) {
      throw refused(cause);
    }
  }

  /** When the tokens of an application, or of its session, were told to end that were issued until this one was; infinity: never. */
  async #endOf({ appId, sessionId }: ApplicationActor, claims: Record<string, unknown>): Promise<number> {
    const row = await this.#options.store.hotDb
      .selectFrom("token_end")
      .select((eb) => eb.fn.min<number | null>("expires_at").as("expiresAt"))
      .where("app_id", "=", appId)
      .where("session_id", "in", sessionId === null ? [ANY_SESSION] : [ANY_SESSION, sessionId])
      .where("issued_until", ">=", issuedAt(claims))
      .executeTakeFirst();
    return row?.expiresAt ?? Number.POSITIVE_INFINITY;
  }

  async #isDeleted(appId: number): Promise<boolean> {
    const row = await this.#options.store.hotDb
      .selectFrom("application")
      .select("id")
      .where("id", "=", appId)
      .where("deleted_at", "is not", null)
      .executeTakeFirst();
    return row !== undefined;
  }

  async #isRevoked(hashes: readonly Uint8Array[]): Promise<boolean> {
    const row = await this.#options.store.hotDb
      .selectFrom("revoked_token")
      .select("expires_at")
      .where("hash", "in", [...hashes])
      .executeTakeFirst();
    return row !== undefined;
  }
}

export function hashToken(token: string): Uint8Array {
  return createHash("sha256").update(token).digest();
}

/**
 * Whether the signature is written the one way RFC 7515 allows. Decoders ignore padding, foreign characters and the unused bits of
 * the last character, so one token could otherwise be written in many ways and be taken for many callers.
 */
function hasCanonicalSignature(token: string): boolean {
  const signature = token.slice(token.lastIndexOf(".") + 1);
  return Buffer.from(signature, "base64url").toString("base64url") === signature;
}

/** A token without the claim was signed elsewhere, by someone who has the secret, and may do all that an application may. */
function capabilitiesOf(claim: unknown): ReadonlySet<Capability> {
  if (claim === undefined) return new Set(CAPABILITIES);
  const names = stringsOf(claim) ?? [];
  return new Set(CAPABILITIES.filter((capability) => names.includes(capability)));
}

type ApplicationActor = Extract<Actor, { readonly kind: "application" }>;

/** When a token was issued, Unix milliseconds. One that does not say so was issued at some time, so whenever tokens are ended it is. */
function issuedAt({ iat, [ISSUED_MS]: ms }: Record<string, unknown>): number {
  if (typeof ms === "number") return ms;
  return typeof iat === "number" ? iat * 1000 : 0;
}

function stringsOf(claim: unknown): string[] | null {
  return Array.isArray(claim) ? claim.filter((item) => typeof item === "string") : null;
}

function refused(cause?: unknown): PosthornError {
  return new PosthornError("authentication_failed", "The token is missing, invalid, expired or revoked.", { cause });
}
