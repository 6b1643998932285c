import { LRUCache } from "lru-cache";

export interface BoundedCacheOptions<K extends {}, V extends {}> {
  /** Milliseconds after which an entry is no longer returned. Default: never. */
  readonly ttl?: number;
  /** Number of entries that a value counts as. Default: one. */
  readonly weight?: (value: V, key: K) => number;
}

/**
 * Cache that evicts the least recently used entries beyond `max`. It grows with its entries, whereas an `LRUCache` with the option `max`
 * allocates the memory of all entries at once: 10 MiB for the caches of a node that has not received a request yet.
 */
export function boundedCache<K extends {}, V extends {}>(
  max: number,
  { ttl, weight = () => 1 }: BoundedCacheOptions<K, V> = {},
): LRUCache<K, V> {
  return new LRUCache<K, V>({ maxSize: max, sizeCalculation: weight, ...(ttl === undefined ? {} : { ttl }) });
}
