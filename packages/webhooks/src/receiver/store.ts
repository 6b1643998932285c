import type { Awaitable } from "../awaitable.ts";

/**
 * Remembers which deliveries are being handled and which are done. `setIfAbsent` must be atomic across everything that
 * shares the store: two processes that ask at once must not both get `true`. A store that fails should throw; the
 * receiver then answers 503 and the sender tries again.
 */
export interface DeliveryStore {
  /** Stores the value for `ttlSeconds` unless the key is there already. Says whether it was stored. */
  setIfAbsent(key: string, value: string, ttlSeconds: number): Awaitable<boolean>;
  /** Stores the value for `ttlSeconds`, whatever was there. */
  set(key: string, value: string, ttlSeconds: number): Awaitable<unknown>;
  /** The value, or nothing when it is absent or its time is over. */
  get(key: string): Awaitable<string | null | undefined>;
  delete(key: string): Awaitable<unknown>;
}

/** Limits of a {@link memoryStore}. */
export interface MemoryStoreOptions {
  /** Most keys kept; past it the oldest go first. Defaults to 10,000 (about 2 MB). */
  readonly maxEntries?: number;
  /** Current time in milliseconds since 1970. Defaults to `Date.now`. */
  readonly now?: () => number;
}

/**
 * A store in this process's memory: enough for one process, forgotten on restart, not shared between instances. Bounded
 * in entries and in time.
 */
export function memoryStore(options: MemoryStoreOptions = {}): DeliveryStore {
  const { maxEntries = 10_000, now = Date.now } = options;
  const entries = new Map<string, { readonly value: string; readonly expires: number }>();

  const get = (key: string): string | undefined => {
    const entry = entries.get(key);
    if (entry === undefined || entry.expires > now()) return entry?.value;
    entries.delete(key);
    return undefined;
  };
  const set = (key: string, value: string, ttlSeconds: number): void => {
    // Deleting first moves the key to the young end, so that the oldest is always the first in the map.
    entries.delete(key);
    entries.set(key, { value, expires: now() + ttlSeconds * 1000 });
    for (const oldest of entries.keys()) {
      if (entries.size <= maxEntries) break;
      entries.delete(oldest);
    }
  };
  return {
    get,
    set,
    setIfAbsent(key, value, ttlSeconds) {
      if (get(key) !== undefined) return false;
      set(key, value, ttlSeconds);
      return true;
    },
    delete(key) {
      entries.delete(key);
    },
  };
}

/** The commands used of a client for Redis or Valkey, in the manner of npm `redis`. */
export interface NodeRedisClient {
  set(
    key: string,
    value: string,
    options: { readonly EX: number; readonly NX?: true },
  ): Promise<string | null | undefined | Uint8Array>;
  get(key: string): Promise<string | null | undefined>;
  del(key: string): Promise<unknown>;
}

/** A store in Redis or Valkey through npm `redis`; `prefix` keeps keys apart from others (default `webhook:`). */
export function redisStore(client: NodeRedisClient, prefix = "webhook:"): DeliveryStore {
  return {
    async setIfAbsent(key, value, ttlSeconds) {
      return (await client.set(prefix + key, value, { EX: wholeSeconds(ttlSeconds), NX: true })) === "OK";
    },
    set: (key, value, ttlSeconds) => client.set(prefix + key, value, { EX: wholeSeconds(ttlSeconds) }),
    get: (key) => client.get(prefix + key),
    delete: (key) => client.del(prefix + key),
  };
}

/** The commands used of a client in the manner of npm `ioredis`. */
export interface IoredisClient {
  set(key: string, value: string, unit: "EX", seconds: number): Promise<string | null>;
  set(key: string, value: string, unit: "EX", seconds: number, condition: "NX"): Promise<string | null>;
  get(key: string): Promise<string | null>;
  del(key: string): Promise<unknown>;
}

/** As {@link redisStore}, through npm `ioredis`. */
export function ioredisStore(client: IoredisClient, prefix = "webhook:"): DeliveryStore {
  return {
    async setIfAbsent(key, value, ttlSeconds) {
      return (await client.set(prefix + key, value, "EX", wholeSeconds(ttlSeconds), "NX")) === "OK";
    },
    set: (key, value, ttlSeconds) => client.set(prefix + key, value, "EX", wholeSeconds(ttlSeconds)),
    get: (key) => client.get(prefix + key),
    delete: (key) => client.del(prefix + key),
  };
}

function wholeSeconds(seconds: number): number {
  return Math.max(1, Math.ceil(seconds));
}
