/** Windows over samples, divided into at most 60 buckets, so that their size does not depend on the number of samples. */
import type { Aggregate, Window } from "./types.ts";

/** Buckets of a window, not counting those that have begun or are about to leave. */
const BUCKETS = 58;

/** Buckets in order of time: start number, then what the window keeps: one number, or count and sum for `avg`. */
export type Buckets = readonly (readonly [number, ...number[]])[];

export function windowOf(index: number, ms: number, keeps: Aggregate): Window {
  return { index, ms, bucketMs: Math.ceil(ms / BUCKETS), keeps };
}

/** The time at which a bucket has left the window. */
function leavesAt({ ms, bucketMs }: Window, bucket: number): number {
  return (bucket + 1) * bucketMs + ms;
}

/** The buckets that are in the window at a time. */
export function inWindow(window: Window, buckets: Buckets, now: number): Buckets {
  const first = buckets.findIndex(([bucket]) => leavesAt(window, bucket) > now);
  return first === -1 ? [] : first === 0 ? buckets : buckets.slice(first);
}

/** Adds a sample. `value` is ignored by `count`. */
export function addToWindow(window: Window, buckets: Buckets, value: number, now: number): Buckets {
  const number = Math.floor(now / window.bucketMs);
  const kept = inWindow(window, buckets, now);
  const last = kept.at(-1);
  // A clock that was set back adds to the newest bucket.
  if (last !== undefined && last[0] >= number) return [...kept.slice(0, -1), merged(window.keeps, last, value)];
  return [...kept, window.keeps === "avg" ? [number, 1, value] : [number, window.keeps === "count" ? 1 : value]];
}

function merged(
  keeps: Aggregate,
  [number, a = 0, b = 0]: readonly number[],
  value: number,
): readonly [number, ...number[]] {
  switch (keeps) {
    case "count":
      return [number!, a + 1];
    case "sum":
      return [number!, a + value];
    case "avg":
      return [number!, a + 1, b + value];
    case "min":
      return [number!, Math.min(a, value)];
    case "max":
      return [number!, Math.max(a, value)];
  }
}

/** The aggregate at a time; `null`: the window has no samples, and the aggregate of none is not defined. */
export function aggregateAt(window: Window, buckets: Buckets, now: number): number | null {
  const kept = inWindow(window, buckets, now);
  return suffixes(window, kept)[0] ?? ofNone(window);
}

/** The aggregate at any time from now on, without further samples. */
export function aggregateLater(window: Window, buckets: Buckets): (now: number) => number | null {
  const values = suffixes(window, buckets);
  return (now) => {
    const left = buckets.findIndex(([bucket]) => leavesAt(window, bucket) > now);
    return (left === -1 ? undefined : values[left]) ?? ofNone(window);
  };
}

function ofNone({ keeps }: Window): number | null {
  return keeps === "count" || keeps === "sum" ? 0 : null;
}

/** The aggregate of all buckets, of all but the first, and so on. */
function suffixes({ keeps }: Window, buckets: Buckets): readonly number[] {
  const values: number[] = [];
  let a = keeps === "min" ? Number.POSITIVE_INFINITY : keeps === "max" ? Number.NEGATIVE_INFINITY : 0;
  let b = 0;
  for (let index = buckets.length - 1; index >= 0; index--) {
    const [, first = 0, second = 0] = buckets[index]!;
    if (keeps === "min") a = Math.min(a, first);
    else if (keeps === "max") a = Math.max(a, first);
    else a += first;
    b += second;
    values[index] = keeps === "avg" ? b / a : a;
  }
  return values;
}

/** Times after `now` at which buckets leave the window. */
export function departures(window: Window, buckets: Buckets, now: number): readonly number[] {
  return inWindow(window, buckets, now).map(([bucket]) => leavesAt(window, bucket));
}
