import type { Awaitable } from "../awaitable.ts";

/**
 * Remembers which deliveries are being handled and which are done. `setIfAbsent` must be atomic across all processes
 * that share the store: two concurrent calls must not both return `true`. A store that fails should throw; the
 * receiver then responds with 503 and the sender retries.
 */
export interface DeliveryStore {
  /** Stores the value for `ttlSeconds` unless the key exists. Returns whether it was stored. */
  setIfAbsent(key: string, value: string, ttlSeconds: number): Awaitable<boolean>;
  /** Stores the value for `ttlSeconds`, replacing any other. */
  set(key: string, value: string, ttlSeconds: number): Awaitable<unknown>;
  /** The value; `null` or `undefined` when the key is absent or has expired. */
  get(key: string): Awaitable<string | null | undefined>;
  /** Removes the key. Removing an absent key is not an error. */
  delete(key: string): Awaitable<unknown>;
}

/** Limits of a {@link memoryStore}. */
export interface MemoryStoreOptions {
  /** Maximum number of keys; beyond it the oldest are dropped. Defaults to 10,000 (about 2 MB). */
  readonly maxEntries?: number;
  /** Current time in milliseconds since the Unix epoch. Defaults to `Date.now`. */
  readonly now?: () => number;
}

/**
 * Store in the memory of this process, bounded in entries and in time. Sufficient for a single process; lost on
 * restart and not shared between instances.
 *
 * @param options Limit and clock.
 * @returns A store for {@link createReceiver}.
 *
 * @example
 *
 * ```ts
 * import { memoryStore } from "@posthorn/webhooks/receiver";
 *
 * const store = memoryStore({ maxEntries: 1000 });
 * console.log(store.setIfAbsent("msg_1", "claimed", 60), store.setIfAbsent("msg_1", "claimed", 60)); // true false
 * ```
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
    // Deleting first moves the key to the end, so the first key of the map is always the oldest.
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

/** The commands that {@link redisStore} uses of the npm package `redis` (node-redis). */
export interface NodeRedisClient {
  /** `SET key value EX seconds [NX]`. */
  set(
    key: string,
    value: string,
    options: { readonly EX: number; readonly NX?: true },
  ): Promise<string | null | undefined | Uint8Array>;
  /** `GET key`. */
  get(key: string): Promise<string | null | undefined>;
  /** `DEL key`. */
  del(key: string): Promise<unknown>;
}

/**
 * Store in Redis or Valkey through the npm package `redis` (node-redis), shared by all processes that use the same
 * server.
 *
 * @param client A connected client.
 * @param prefix Prefix of all keys. Defaults to `webhook:`.
 * @returns A store for {@link createReceiver}.
 *
 * @example
 *
 * ```ts
 * import { type NodeRedisClient, redisStore } from "@posthorn/webhooks/receiver";
 *
 * // In production: const client = await createClient({ url: process.env.REDIS_URL }).connect();
 * const commands: string[] = [];
 * const client: NodeRedisClient = {
 *   set: async (key, _value, { EX, NX }) => (commands.push(`SET ${key} EX ${EX}${NX ? " NX" : ""}`), "OK"),
 *   get: async () => null,
 *   del: async () => 1,
 * };
 * const store = redisStore(client);
 * console.log(await store.setIfAbsent("msg_1", "claimed", 60)); // true
 * console.log(commands[0]); // SET webhook:msg_1 EX 60 NX
 * ```
 */
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

/** The commands that {@link ioredisStore} uses of the npm package `ioredis`. */
export interface IoredisClient {
  /** `SET key value EX seconds`. */
  set(key: string, value: string, unit: "EX", seconds: number): Promise<string | null>;
  /** `SET key value EX seconds NX`. */
  set(key: string, value: string, unit: "EX", seconds: number, condition: "NX"): Promise<string | null>;
  /** `GET key`. */
  get(key: string): Promise<string | null>;
  /** `DEL key`. */
  del(key: string): Promise<unknown>;
}

/**
 * Store in Redis or Valkey through the npm package `ioredis`. Otherwise like {@link redisStore}.
 *
 * @param client A client, such as `new Redis(process.env.REDIS_URL)`.
 * @param prefix Prefix of all keys. Defaults to `webhook:`.
 * @returns A store for {@link createReceiver}.
 *
 * @example
 *
 * ```ts
 * import { type IoredisClient, ioredisStore } from "@posthorn/webhooks/receiver";
 *
 * // In production: const client = new Redis(process.env.REDIS_URL);
 * const client: IoredisClient = { set: async () => "OK", get: async () => null, del: async () => 1 };
 * const store = ioredisStore(client, "shop:webhook:");
 * console.log(await store.setIfAbsent("msg_1", "claimed", 60)); // true
 * ```
 */
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
