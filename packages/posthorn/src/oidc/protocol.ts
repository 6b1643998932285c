/** OpenID Connect with `openid-client`: authorization code flow with PKCE, `state` and `nonce`, and both kinds of logout. */
import type { Egress } from "@posthorn/egress";
import { createHash } from "node:crypto";
import type { Configuration, CustomFetch, IDToken, UserInfoResponse } from "openid-client";
import type { JWTPayload, JWTVerifyGetKey } from "jose";
import type {
  OidcAttempt,
  OidcClientSettings,
  OidcLogout,
  OidcPerson,
  OidcProtocol,
} from "../domain/user/identity/protocol.ts";
import { boundedCache } from "../lib/bounded-cache.ts";
import { PosthornError } from "../lib/errors.ts";
import { guardedFetch, UnreachableError } from "./guarded-fetch.ts";

/** Identity providers change their endpoints and keys rarely. A sign-in may fail until then, the next one does not. */
const METADATA_MS = 10 * 60_000;
/** Event that a logout token must have (OpenID Connect Back-Channel Logout 1.0, section 2.4). */
const LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout";
/** A logout token is sent at once, and must not be used again later. */
const LOGOUT_TOLERANCE_SECONDS = 120;
const MAX_GROUPS = 1000;

interface Known {
  readonly configuration: Configuration;
  readonly keys: JWTVerifyGetKey;
  readonly until: number;
}

export interface OpenIdConnectOptions {
  readonly egress: Pick<Egress, "send">;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** The library is loaded with the first sign-in. */
const loadLibrary = async () => import("openid-client");

export class OpenIdConnect implements OidcProtocol {
  readonly #fetch: CustomFetch;
  readonly #now: () => number;
  readonly #known = boundedCache<string, Known>(100);
  /** Metadata that is being read: people who sign in at a slow provider at the same time share one request. */
  readonly #reading = new Map<string, Promise<Known>>();

  constructor({ egress, now }: OpenIdConnectOptions) {
    this.#fetch = guardedFetch(egress);
    this.#now = now;
  }

  async begin(settings: OidcClientSettings, redirectUri: string): Promise<{ url: string; attempt: OidcAttempt }> {
    const { configuration } = await this.#providerOf(settings);
    const client = await loadLibrary();
    const attempt = {
      state: client.randomState(),
      nonce: client.randomNonce(),
      codeVerifier: client.randomPKCECodeVerifier(),
    };
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: settings.scopes,
      state: attempt.state,
      nonce: attempt.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(attempt.codeVerifier),
      code_challenge_method: "S256",
    });
    return { url: url.href, attempt };
  }

  async complete(settings: OidcClientSettings, callbackUrl: string, attempt: OidcAttempt): Promise<OidcPerson> {
    const { configuration } = await this.#providerOf(settings);
    const client = await loadLibrary();
    try {
      const tokens = await client.authorizationCodeGrant(configuration, new URL(callbackUrl), {
        expectedState: attempt.state,
        expectedNonce: attempt.nonce,
        pkceCodeVerifier: attempt.codeVerifier,
        idTokenExpected: true,
      });
      const claims = tokens.claims()!;
      const hasUserInfo = configuration.serverMetadata().userinfo_endpoint !== undefined;
      const more = hasUserInfo ? await client.fetchUserInfo(configuration, tokens.access_token, claims.sub) : null;
      return personOf(claims, more, { groupsClaim: settings.groupsClaim, idToken: tokens.id_token! });
    } catch (cause) {
      throw failure(cause, "The sign-in at the identity provider failed");
    }
  }

  async endSessionUrl(
    settings: OidcClientSettings,
    { idToken, returnTo }: { readonly idToken: string; readonly returnTo: string },
  ): Promise<string | null> {
    const { configuration } = await this.#providerOf(settings);
    if (configuration.serverMetadata().end_session_endpoint === undefined) return null;
    const { buildEndSessionUrl } = await loadLibrary();
    return buildEndSessionUrl(configuration, { id_token_hint: idToken, post_logout_redirect_uri: returnTo }).href;
  }

  async verifyLogout(settings: OidcClientSettings, token: string): Promise<OidcLogout> {
    const { configuration, keys } = await this.#providerOf(settings);
    const { jwtVerify } = await import("jose");
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer: configuration.serverMetadata().issuer,
        audience: settings.clientId,
        requiredClaims: ["iat", "jti"],
        maxTokenAge: LOGOUT_TOLERANCE_SECONDS,
        clockTolerance: LOGOUT_TOLERANCE_SECONDS,
        currentDate: new Date(this.#now()),
        // Signed with a key of the provider: a symmetric algorithm would accept the client secret, and `none` anything.
        algorithms: [
          "RS256",
          "RS384",
          "RS512",
          "PS256",
          "PS384",
          "PS512",
          "ES256",
          "ES384",
          "ES512",
          "EdDSA",
          "Ed25519",
        ],
      });
      return logoutOf(payload);
    } catch (cause) {
      throw failure(cause, "The logout token is not valid");
    }
  }

  async check(settings: Pick<OidcClientSettings, "issuer" | "clientId" | "clientSecret">): Promise<void> {
    await this.#discover(settings);
  }

  async #providerOf(settings: OidcClientSettings): Promise<Known> {
    const key = keyOf(settings);
    const known = this.#known.get(key);
    if (known !== undefined && known.until > this.#now()) return known;
    let reading = this.#reading.get(key);
    if (reading === undefined) {
      reading = this.#discover(settings).finally(() => this.#reading.delete(key));
      this.#reading.set(key, reading);
    }
    const found = await reading;
    this.#known.set(key, found);
    return found;
  }

  async #discover({
    issuer,
    clientId,
    clientSecret,
  }: Omit<OidcClientSettings, "scopes" | "groupsClaim">): Promise<Known> {
    const client = await loadLibrary();
    const { createRemoteJWKSet, customFetch } = await import("jose");
    try {
      const configuration = await client.discovery(
        new URL(issuer),
        clientId,
        clientSecret === null ? {} : { client_secret: clientSecret },
        clientSecret === null ? client.None() : undefined,
        {
          [client.customFetch]: this.#fetch,
          timeout: 10,
          // The address guard decides whether an issuer without TLS can be reached at all.
          ...(issuer.startsWith("http:") ? { execute: [client.allowInsecureRequests] } : {}),
        },
      );
      const { jwks_uri: keysUrl } = configuration.serverMetadata();
      if (keysUrl === undefined) throw new UnreachableError("Its metadata has no jwks_uri.");
      const keys = createRemoteJWKSet(new URL(keysUrl), {
        [customFetch]: (url: string, { headers, method, signal }: RequestInit) =>
          this.#fetch(url, {
            method: method ?? "GET",
            headers: Object.fromEntries(new Headers(headers)),
            body: null,
            redirect: "manual",
            ...(signal === undefined || signal === null ? {} : { signal }),
          }),
      });
      return { configuration, keys, until: this.#now() + METADATA_MS };
    } catch (cause) {
      throw failure(cause, "The metadata of the identity provider cannot be read");
    }
  }
}

/** The secret is part of it as a hash, so that a changed one is used at once. */
function keyOf({ issuer, clientId, clientSecret }: OidcClientSettings): string {
  return createHash("sha256")
    .update(JSON.stringify([issuer, clientId, clientSecret]))
    .digest("base64url");
}

/** Claims of the ID token win, because it is signed; the user info adds what is missing. */
function personOf(
  claims: IDToken,
  more: UserInfoResponse | null,
  { groupsClaim, idToken }: { readonly groupsClaim: string; readonly idToken: string },
): OidcPerson {
  const all: Record<string, unknown> = { ...more, ...claims };
  const email = textOf(all["email"]);
  return {
    issuer: claims.iss,
    subject: claims.sub,
    email: email?.toLowerCase() ?? null,
    // Some providers send it as text.
    isEmailVerified: email !== null && (all["email_verified"] === true || all["email_verified"] === "true"),
    name: textOf(all["name"]) ?? textOf(all["preferred_username"]),
    groups: groupsOf(all[groupsClaim]),
    sessionId: textOf(claims["sid"]),
    idToken,
  };
}

function groupsOf(value: unknown): readonly string[] {
  const list = typeof value === "string" ? [value] : Array.isArray(value) ? value : [];
  return list.filter((item) => typeof item === "string").slice(0, MAX_GROUPS);
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** Checks what is specific to logout tokens (section 2.6 of the specification). */
function logoutOf(payload: JWTPayload): OidcLogout {
  const { events } = payload;
  if (typeof events !== "object" || events === null || !Object.hasOwn(events, LOGOUT_EVENT)) {
    throw new Error("it has no logout event");
  }
  // Prevents an ID token from being used as a logout token.
  if (payload["nonce"] !== undefined) throw new Error("it has a nonce");
  const subject = textOf(payload.sub);
  const sessionId = textOf(payload["sid"]);
  if (subject === null && sessionId === null) throw new Error("it names neither a person nor a session");
  return { subject, sessionId };
}

/** The error that the person at the browser reads. The log has the cause. */
function failure(cause: unknown, what: string): PosthornError {
  if (cause instanceof PosthornError) return cause;
  return new PosthornError("identity_provider_failed", `${what}: ${reasonOf(cause)}`, { cause });
}

function reasonOf(cause: unknown): string {
  for (let error = cause; error instanceof Error; error = error.cause) {
    if (error instanceof UnreachableError) return error.message;
    const { error: code, error_description: description } = error as { error?: unknown; error_description?: unknown };
    if (typeof code === "string")
      return `it answered ${code}${typeof description === "string" ? ` (${description})` : ""}.`;
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  return message.endsWith(".") ? message : `${message}.`;
}
