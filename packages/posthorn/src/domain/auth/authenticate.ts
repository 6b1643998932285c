/** Authenticates tokens and sessions, and caches their owners. */
import { createHmac } from "node:crypto";
import { SignJWT } from "jose";
import { boundedCache } from "../../lib/bounded-cache.ts";
import { PosthornError } from "../../lib/errors.ts";
import {
  CLI_PREFIX,
  findSession,
  SESSION_PREFIX,
  type SessionIdentity,
  TOUCH_MS,
  touchSession,
} from "../session/identity.ts";
import type { Store } from "../../store/store.ts";
import { USE_STEP_MS } from "./key-use.ts";
import type { Actor } from "../access.ts";
import type { TokenIssuer } from "../ports.ts";
import { type Identity, ISSUED_MS, refused, TokenLookup, type UsedKey } from "./token-lookup.ts";

export interface AuthenticatorOptions {
  readonly store: Store;
  readonly jwtSecret: string;
  readonly now: () => number;
  /** Returns the key of an organisation by its public id; creates a new organisation. */
  readonly ensureOrganisation: (publicId: string) => Promise<number>;
  /** Records that an API key was used; called at most once a minute for each. */
  readonly onKeyUse?: (key: number, at: number) => void;
}

/** Verifies tokens. Caches identities until they expire, are revoked, or are evicted. */
export class Authenticator implements TokenIssuer {
  readonly #options: AuthenticatorOptions;
  readonly #secret: Uint8Array;
  readonly #lookup: TokenLookup;
  #epoch = 0;
  readonly #known = boundedCache<string, Identity>(10_000);
  readonly #sessions = boundedCache<string, SessionIdentity>(10_000);
  readonly #listeners = new Set<() => void>();

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    this.#secret = new TextEncoder().encode(options.jwtSecret);
    const { store, now, ensureOrganisation } = options;
    this.#lookup = new TokenLookup({ store, secret: this.#secret, now, ensureOrganisation });
  }

  /** Throws `authentication_failed` or `bad_token`, without revealing why the token does not work. */
  async authenticate(token: string, address: string | null = null): Promise<Actor> {
    return (await this.identify(token, address)).actor;
  }

  /**
   * Like {@link authenticate}, but also returns when the token expires.
   *
   * @param address Address of the client, for API keys that are limited to networks; `null`: the call is not from a network.
   */
  async identify(token: string, address: string | null = null): Promise<Identity> {
    if (token.startsWith(CLI_PREFIX)) return this.#fromSession(token);
    let known = this.#known.get(token);
    if (known === undefined) {
      const epoch = this.#epoch;
      known = await this.#lookup.identify(token);
      // If a token was revoked during the lookup, the result may be outdated, so do not cache it.
      if (epoch === this.#epoch) this.#known.set(token, known);
    }
    const now = this.#options.now();
    if (known.expiresAt <= now) throw refused();
    const { key } = known;
    if (key !== undefined) {
      if (key.allows !== null && address !== null && !key.allows(address)) throw wrongNetwork(address);
      this.#use(key, now);
    }
    return known;
  }

  #use(key: UsedKey, now: number): void {
    if (now < key.recordedUntil) return;
    key.recordedUntil = now + USE_STEP_MS;
    this.#options.onKeyUse?.(key.key, now);
  }

  /** Like {@link identify}, for the value of a session cookie. */
  async identifySession(value: string): Promise<Identity> {
    if (!value.startsWith(SESSION_PREFIX)) throw refused();
    return this.#fromSession(value);
  }

  /** The caller of a token whose identity is cached; `null` if it has to be looked up, has expired, or is limited to networks. */
  known(token: string): Actor | null {
    const known = this.#known.get(token);
    if (known === undefined) return null;
    const now = this.#options.now();
    const { key } = known;
    if (known.expiresAt <= now || (key !== undefined && key.allows !== null)) return null;
    if (key !== undefined) this.#use(key, now);
    return known.actor;
  }

  /** Clears the cache after a revocation and notifies the listeners of {@link onForget}. */
  forget(): void {
    this.#epoch++;
    this.#known.clear();
    this.#sessions.clear();
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

  proof(purpose: string, text: string): string {
    return createHmac("sha256", this.#secret).update(purpose).update("\0").update(text).digest("base64url");
  }

  async #fromSession(secret: string): Promise<Identity> {
    const { store, now } = this.#options;
    let known = this.#sessions.get(secret);
    if (known === undefined) {
      const epoch = this.#epoch;
      const found = await findSession(store.hotDb, secret);
      if (found === null) throw refused();
      known = found;
      if (epoch === this.#epoch) this.#sessions.set(secret, known);
    }
    if (known.expiresAt <= now()) throw refused();
    if (known.lastUsedAt + TOUCH_MS <= now()) {
      // The next request looks the session up again, with its new end.
      this.#sessions.delete(secret);
      // It only moves the end of the session: the next use stores it again.
      touchSession(store, known.key, now()).catch(() => undefined);
    }
    return { actor: known.actor, expiresAt: known.expiresAt };
  }
}

function wrongNetwork(address: string): PosthornError {
  return new PosthornError("insufficient access", `This key cannot be used from the address ${address}.`);
}
