/** Identifies the caller by a token: of an endpoint or a subscription, a portal key, an API key, or a JWT. */
import { jwtVerify } from "jose";
import { PosthornError } from "../../lib/errors.ts";
import { hashToken } from "./hash-token.ts";
import { isId, isOrganisationId, keyOfId } from "../../lib/id.ts";
import { networkCheck } from "../../lib/network.ts";
import type { Store } from "../../store/store.ts";
import { networksOf, scopesOf } from "./key-columns.ts";
import { ANY_SESSION } from "./expire-all.ts";
import { type Actor, CAPABILITIES, type Capability, DEFAULT_CAPABILITIES } from "../access.ts";
import { FULL_GRANT } from "../grant.ts";

/** Prefix of API keys, so that leaked keys can be recognised. */
export const KEY_PREFIX = "phk_";

/** Prefix of tokens for one endpoint or subscription. */
export const SCOPED_PREFIX = "sk_";

/** Prefix of portal keys. */
export const PORTAL_KEY_PREFIX = "phc_";

/** Custom claim, because the seconds of `iat` cannot distinguish a new token from one revoked just before. */
export const ISSUED_MS = "iat_ms";

/** Caller of a token, and when the token expires. */
export interface Identity {
  readonly actor: Actor;
  /** Unix milliseconds; infinity if it never expires. */
  readonly expiresAt: number;
  /** Absent: it is not an API key. */
  readonly key?: UsedKey;
}

/** An API key that is in use. */
export interface UsedKey {
  readonly key: number;
  /** Whether it may be used from this address; `null`: from any. */
  readonly allows: ((address: string) => boolean) | null;
  /** Unix milliseconds, until which its use is not recorded again. */
  recordedUntil: number;
}

export interface TokenLookupOptions {
  readonly store: Store;
  /** Key of the signatures of JWTs. */
  readonly secret: Uint8Array;
  readonly now: () => number;
  /** Returns the key of an organisation by its public id; creates a new organisation. */
  readonly ensureOrganisation: (publicId: string) => Promise<number>;
}

/** Looks tokens up in the database, and verifies those that are signed. Caches nothing. */
export class TokenLookup {
  readonly #options: TokenLookupOptions;

  constructor(options: TokenLookupOptions) {
    this.#options = options;
  }

  /** Throws `authentication_failed` or `bad_token`, without revealing why the token does not work. */
  identify(token: string): Promise<Identity> {
    if (token.startsWith(KEY_PREFIX)) return this.#fromKey(token);
    if (token.startsWith(PORTAL_KEY_PREFIX)) return this.#fromPortalKey(token);
    return token.startsWith(SCOPED_PREFIX) ? this.#fromScoped(token) : this.#fromJwt(token);
  }

  async #fromScoped(token: string): Promise<Identity> {
    const hash = hashToken(token);
    const row = await this.#options.store.hotDb
      .selectFrom("scoped_token as t")
      .innerJoin("organisation as o", "o.id", "t.org_id")
      .innerJoin("application as a", "a.id", "t.app_id")
      .select(["t.org_id", "t.app_id", "t.endpoint_id", "t.auto_config_id", "t.expires_at", "o.public_id as org"])
      .select("a.public_id as app")
      .where("t.hash", "=", hash)
      .where("a.deleted_at", "is", null)
      .executeTakeFirst();
    if (row === undefined) throw refused();
    const actor: ApplicationActor = {
      ...applicationOf(row, hash),
      sessionId: null,
      capabilities: new Set(),
      scope: { endpointKey: row.endpoint_id, autoConfigKey: row.auto_config_id },
    };
    return { actor, expiresAt: actor.tokenExpiresAt };
  }

  async #fromPortalKey(token: string): Promise<Identity> {
    const hash = hashToken(token);
    const row = await this.#options.store.hotDb
      .selectFrom("portal_key as k")
      .innerJoin("organisation as o", "o.id", "k.org_id")
      .innerJoin("application as a", "a.id", "k.app_id")
      .select(["k.org_id", "k.app_id", "k.capabilities_json", "k.session_id", "k.created_at", "k.expires_at"])
      .select(["o.public_id as org", "a.public_id as app"])
      .where("k.hash", "=", hash)
      .where("a.deleted_at", "is", null)
      .executeTakeFirst();
    if (row === undefined || (await this.#isRevoked([hash]))) throw refused();
    const actor: ApplicationActor = {
      ...applicationOf(row, hash),
      sessionId: row.session_id,
      capabilities: capabilitiesOf(JSON.parse(row.capabilities_json)),
      isPortalKey: true,
    };
    // Expiring all tokens of an application includes its keys.
    return this.#untilEnd(actor, { [ISSUED_MS]: row.created_at });
  }

  async #fromKey(token: string): Promise<Identity> {
    const row = await this.#options.store.hotDb
      .selectFrom("api_key")
      .innerJoin("organisation", "organisation.id", "api_key.org_id")
      .select(["api_key.id", "api_key.org_id", "api_key.public_id as key_id", "organisation.public_id"])
      .select(["api_key.expires_at", "scopes_json", "applications_json", "networks_json"])
      .where("hash", "=", hashToken(token))
      .executeTakeFirst();
    if (row === undefined) throw refused();
    const { permissions, applications } = scopesOf(row);
    const networks = networksOf(row);
    const limits = { expiresAt: row.expires_at, networks };
    return {
      actor: {
        kind: "organisation",
        orgId: row.org_id,
        orgPublicId: row.public_id,
        caller: { kind: "key", id: row.key_id, limits },
        grant: {
          permissions: permissions === null ? FULL_GRANT.permissions : new Set(permissions),
          applications: applications === null ? null : new Set(applications),
        },
      },
      expiresAt: row.expires_at ?? Number.POSITIVE_INFINITY,
      key: { key: row.id, allows: networks === null ? null : networkCheck(networks), recordedUntil: 0 },
    };
  }

  async #fromJwt(token: string): Promise<Identity> {
    const claims = await this.#claims(token);
    const expiresAt = typeof claims["exp"] === "number" ? claims["exp"] * 1000 : Number.POSITIVE_INFINITY;
    // Hash only the signed part: several base64url spellings of a signature decode to the same bytes.
    const tokenHash = hashToken(token.slice(0, token.lastIndexOf(".")));
    // Rows written by earlier versions contain the hash of the whole token. They are valid until they expire.
    if (await this.#isRevoked([tokenHash, hashToken(token)])) throw refused();
    const { sub, org } = claims;
    if (typeof sub === "string" && isOrganisationId(sub)) {
      const orgId = await this.#options.ensureOrganisation(sub);
      const caller = { kind: "token", token: { hash: tokenHash, expiresAt } } as const;
      return { actor: { kind: "organisation", orgId, orgPublicId: sub, caller, grant: FULL_GRANT }, expiresAt };
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
      return this.#untilEnd(actor, claims);
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
      const { payload } = await jwtVerify(token, this.#options.secret, { algorithms: ["HS256"], currentDate });
      return payload;
    } catch (cause) {
      throw refused(cause);
    }
  }

  async #untilEnd(actor: ApplicationActor, claims: Record<string, unknown>): Promise<Identity> {
    const expiresAt = Math.min(actor.tokenExpiresAt, await this.#endOf(actor, claims));
    return { actor: { ...actor, tokenExpiresAt: expiresAt }, expiresAt };
  }

  /** Time at which the token ends because tokens of its application or session were expired after it was issued; infinity: never. */
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

/**
 * Whether the signature has the only encoding that RFC 7515 allows. Decoders ignore padding, invalid characters and unused bits of the
 * last character, so one token could otherwise be written in many ways and be treated as many callers.
 */
function hasCanonicalSignature(token: string): boolean {
  const signature = token.slice(token.lastIndexOf(".") + 1);
  return Buffer.from(signature, "base64url").toString("base64url") === signature;
}

/** Capabilities of a token. One without the claim was signed externally with the secret, and has the default capabilities. */
function capabilitiesOf(claim: unknown): ReadonlySet<Capability> {
  if (claim === undefined) return new Set(DEFAULT_CAPABILITIES);
  const names = stringsOf(claim) ?? [];
  return new Set(CAPABILITIES.filter((capability) => names.includes(capability)));
}

type ApplicationActor = Extract<Actor, { readonly kind: "application" }>;

/** What the rows of tokens for one application have in common. */
interface ApplicationRow {
  readonly org_id: number;
  /** Public ID of the organisation. */
  readonly org: string;
  readonly app_id: number;
  /** Public ID of the application. */
  readonly app: string;
  readonly expires_at: number | null;
}

function applicationOf(row: ApplicationRow, tokenHash: Uint8Array) {
  return {
    kind: "application",
    orgId: row.org_id,
    orgPublicId: row.org,
    appId: row.app_id,
    appPublicId: row.app,
    featureFlags: new Set<string>(),
    tokenHash,
    tokenExpiresAt: row.expires_at ?? Number.POSITIVE_INFINITY,
  } as const;
}

/** When a token was issued, in Unix milliseconds. Without a claim it counts as issued at 0, so that expiring tokens always includes it. */
function issuedAt({ iat, [ISSUED_MS]: ms }: Record<string, unknown>): number {
  if (typeof ms === "number") return ms;
  return typeof iat === "number" ? iat * 1000 : 0;
}

function stringsOf(claim: unknown): string[] | null {
  return Array.isArray(claim) ? claim.filter((item) => typeof item === "string") : null;
}

/** The error for a token that does not work, whatever the reason. */
export function refused(cause?: unknown): PosthornError {
  return new PosthornError("authentication_failed", "The token is missing, invalid, expired or revoked.", { cause });
}
