/** In-memory index of live sources by token and key. Entries are invalidated when a source changes. */
import type { FetchKey } from "@posthorn/webhooks/provider";
import { boundedCache } from "../lib/bounded-cache.ts";
import { definitionOfSource } from "../domain/source/kind.ts";
import { runOf } from "../domain/source/runs.ts";
import { MAIL_SOURCE } from "../sources/kinds.ts";
import { toSource } from "../domain/source/source.ts";
import { TOKEN_PATTERN, tokenHash } from "../domain/source/token.ts";
import type { Store } from "../store/store.ts";
import type { SecretBox } from "../lib/secret-box.ts";
import { LiveSource } from "./live-source.ts";
import { sealedIn } from "../store/sealed-columns.ts";

/** Cached sources and tokens. */
const MAX_SOURCES = 20_000;
/** Cached unknown tokens. */
const MAX_UNKNOWN = 10_000;
/** How long a token counts as unknown. Another node may create it in the meantime. */
const UNKNOWN_MS = 10_000;
/** Concurrent token look-ups, so that someone who guesses tokens cannot exhaust the database connections. */
const MAX_LOOKUPS = 32;

export interface SourceIndexOptions {
  readonly store: Store;
  readonly secretBox: SecretBox;
  readonly now: () => number;
  readonly fetchKey: FetchKey;
  /** Whether responses of this organisation's sources are limited to JSON and plain text. */
  readonly plainResponsesOnly: (orgId: number) => Promise<boolean>;
}

interface KnownToken {
  readonly key: number;
  readonly expiresAt: number;
}

export class SourceIndex {
  readonly #options: SourceIndexOptions;
  readonly #tokens = boundedCache<string, KnownToken>(MAX_SOURCES);
  readonly #unknown = boundedCache<string, true>(MAX_UNKNOWN, { ttl: UNKNOWN_MS });
  /** Sources, loads in progress, and loads that found nothing. */
  readonly #sources = boundedCache<number, LiveSource | Promise<LiveSource | null>>(MAX_SOURCES);
  /** Look-ups that began after the last change, shared by concurrent requests for the same token. */
  readonly #lookups = new Map<string, Promise<LiveSource | null>>();
  /** All look-ups in progress. */
  #looking = 0;
  /** Changes so far. The result of a look-up that began before the last one may be outdated, so it is not cached. */
  #epoch = 0;

  constructor(options: SourceIndexOptions) {
    this.#options = options;
  }

  /** The source of a token, if it is in memory and current. */
  known(token: string): LiveSource | null {
    const known = this.#tokens.get(token);
    const now = this.#options.now();
    if (known === undefined || known.expiresAt <= now) return null;
    const source = this.#sources.get(known.key);
    return source instanceof LiveSource && source.freshUntil > now ? source : null;
  }

  /** The source of a token, or `null`. `"busy"` if too many unknown tokens are being looked up. */
  async find(token: string): Promise<LiveSource | null | "busy"> {
    const known = this.#tokens.get(token);
    if (known !== undefined) {
      if (known.expiresAt > this.#options.now()) return this.source(known.key);
      this.#tokens.delete(token);
      return null;
    }
    if (!TOKEN_PATTERN.test(token) || this.#unknown.has(token)) return null;
    const under = this.#lookups.get(token);
    if (under !== undefined) return under;
    if (this.#looking >= MAX_LOOKUPS) return "busy";
    this.#looking++;
    const lookup = this.#lookUp(token).finally(() => {
      this.#looking--;
      if (this.#lookups.get(token) === lookup) this.#lookups.delete(token);
    });
    this.#lookups.set(token, lookup);
    return lookup;
  }

  /** The source with this key, or `null` if it was deleted or has expired. */
  async source(key: number): Promise<LiveSource | null> {
    const known = this.#sources.get(key);
    if (known !== undefined) {
      const source = await known;
      if (source === null || source.freshUntil > this.#options.now()) return source;
    }
    const loading = this.#load(key);
    this.#sources.set(key, loading);
    void this.#keep(key, loading);
    return loading;
  }

  /** Removes a source with its secrets and tokens from the cache. */
  invalidate(key: number): void {
    this.#changed();
    this.#sources.delete(key);
    for (const [token, known] of this.#tokens.entries()) if (known.key === key) this.#tokens.delete(token);
  }

  /** Empties the cache, after notifications of changes may have been missed. */
  clear(): void {
    this.#changed();
    this.#sources.clear();
    this.#tokens.clear();
  }

  #changed(): void {
    this.#epoch++;
    this.#lookups.clear();
    this.#unknown.clear();
  }

  /** Keeps the source of a load, unless it was invalidated during the load. A failed load is not cached. */
  async #keep(key: number, loading: Promise<LiveSource | null>): Promise<void> {
    const source = await loading.catch(() => "failed" as const);
    if (this.#sources.peek(key) !== loading) return;
    if (source === "failed") this.#sources.delete(key);
    else if (source !== null) this.#sources.set(key, source);
  }

  async #lookUp(token: string): Promise<LiveSource | null> {
    const { store, now } = this.#options;
    const epoch = this.#epoch;
    const row = await store.hotDb
      .selectFrom("source_token")
      .select(["source_id", "expires_at"])
      .where("hash", "=", tokenHash(token))
      .executeTakeFirst();
    if (row === undefined || (row.expires_at !== null && row.expires_at <= now())) {
      if (epoch === this.#epoch) this.#unknown.set(token, true);
      return null;
    }
    const expiresAt = row.expires_at ?? Number.POSITIVE_INFINITY;
    if (epoch === this.#epoch) this.#tokens.set(token, { key: row.source_id, expiresAt });
    return this.source(row.source_id);
  }

  async #load(key: number): Promise<LiveSource | null> {
    const { store, secretBox, now, fetchKey, plainResponsesOnly } = this.#options;
    const db = store.hotDb;
    const row = await db
      .selectFrom("source")
      .selectAll()
      .where("id", "=", key)
      .where("deleted_at", "is", null)
      .executeTakeFirst();
    if (row === undefined || (row.expires_at !== null && row.expires_at <= now())) return null;
    const source = toSource(row, secretBox);
    const definition = definitionOfSource(source);
    if (definition === null) return null;
    const secrets = await db
      .selectFrom("source_secret")
      .select(["id", "secret_sealed", "expires_at"])
      .where("source_id", "=", key)
      .where(({ eb, or }) => or([eb("expires_at", "is", null), eb("expires_at", ">", now())]))
      .orderBy("id", "desc")
      .execute();
    return new LiveSource({
      source,
      orgId: row.org_id,
      plainResponsesOnly: await plainResponsesOnly(row.org_id),
      definition,
      secrets: secrets.map((secret) =>
        secretBox.open(secret.secret_sealed, sealedIn("source_secret.secret_sealed", key, secret.id)),
      ),
      freshUntil: Math.min(...[row, ...secrets].map(({ expires_at }) => expires_at ?? Number.POSITIVE_INFINITY)),
      // The runner checks the state of the sources that it reads.
      isPaused: source.kind === MAIL_SOURCE && (await runOf(store, key)) === "paused",
      fetchKey,
      now,
    });
  }
}
