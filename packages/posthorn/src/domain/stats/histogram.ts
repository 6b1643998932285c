/**
 * Duration histograms. Buckets are exact up to 15 ms; above, each power of two has eight buckets, so that a percentile is off by at
 * most 6 %. Unlike percentiles, histograms of hours and endpoints can be added.
 */

/** Count by bucket. */
export type Histogram = Map<number, number>;

const EXACT = 16;
/** Buckets per power of two. */
const PARTS = 8;
/** Longest duration, about 12 days. Longer ones are counted as this. */
const MAX_MS = 2 ** 30;

/** The bucket of a duration in milliseconds. */
export function bucketOf(ms: number): number {
  const value = Math.min(Math.max(Math.round(ms), 0), MAX_MS);
  if (value < EXACT) return value;
  const power = 31 - Math.clz32(value);
  return EXACT + (power - 4) * PARTS + ((value >>> (power - 3)) & (PARTS - 1));
}

/** First bucket of each power of two, in milliseconds, with the width of its buckets. */
export const POWERS: readonly { readonly from: number; readonly width: number }[] = Array.from(
  { length: Math.log2(MAX_MS / EXACT) + 1 },
  (_, index) => ({ from: EXACT * 2 ** index, width: (EXACT / PARTS) * 2 ** index }),
);

/** The middle of a bucket, in milliseconds. */
function bucketMidpoint(bucket: number): number {
  if (bucket < EXACT) return bucket;
  const power = Math.floor((bucket - EXACT) / PARTS) + 4;
  const width = 2 ** (power - 3);
  return (PARTS + ((bucket - EXACT) % PARTS)) * width + Math.floor(width / 2);
}

export function addDuration(histogram: Histogram, ms: number, times = 1): void {
  const bucket = bucketOf(ms);
  histogram.set(bucket, (histogram.get(bucket) ?? 0) + times);
}

export function addAll(histogram: Histogram, other: Histogram): void {
  for (const [bucket, count] of other) histogram.set(bucket, (histogram.get(bucket) ?? 0) + count);
}

/** Percentile in milliseconds, for a share from 0 to 1; `null` if the histogram is empty. */
export function percentile(histogram: Histogram, share: number): number | null {
  const total = countOf(histogram);
  if (total === 0) return null;
  const wanted = Math.ceil(total * share);
  let seen = 0;
  let last = 0;
  for (const [bucket, count] of [...histogram].toSorted(([a], [b]) => a - b)) {
    seen += count;
    last = bucket;
    if (seen >= wanted) break;
  }
  return bucketMidpoint(last);
}

export function countOf(histogram: Histogram): number {
  return [...histogram.values()].reduce((sum, count) => sum + count, 0);
}

/** Stored form: `[bucket, count, bucket, count, …]`. */
export function encodeHistogram(histogram: Histogram): string {
  return JSON.stringify([...histogram].flat());
}

export function decodeHistogram(json: string): Histogram {
  const cells = JSON.parse(json) as number[];
  const histogram: Histogram = new Map();
  for (let index = 0; index + 1 < cells.length; index += 2) histogram.set(cells[index]!, cells[index + 1]!);
  return histogram;
}

/** Adds a histogram to one in its stored form, without decoding that. */
export function addToStored(json: string, histogram: Histogram): string {
  if (histogram.size === 0) return json;
  const cells = JSON.parse(json) as number[];
  for (const [bucket, count] of histogram) {
    let at = 0;
    while (at < cells.length && cells[at] !== bucket) at += 2;
    if (at < cells.length) cells[at + 1]! += count;
    else cells.push(bucket, count);
  }
  return JSON.stringify(cells);
}
