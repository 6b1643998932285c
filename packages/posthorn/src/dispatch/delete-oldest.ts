/** The oldest entries are deleted this many at a time. */
const STEP = 500;

/**
 * Once a set or map has more than `max` entries, deletes the oldest {@link STEP}. A new iterator first passes all entries that were deleted
 * since the collection was last rebuilt, often thousands, so deleting one at a time is slow. An iterator that is kept between calls would
 * keep every earlier table of the collection in memory.
 */
export function deleteOldest<K>(entries: Set<K> | Map<K, unknown>, max: number): void {
  if (entries.size <= max) return;
  let left = Math.min(STEP, max);
  for (const key of entries.keys()) {
    if (left-- === 0) return;
    entries.delete(key);
  }
}
