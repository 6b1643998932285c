import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addAll,
  addDuration,
  addToStored,
  decodeHistogram,
  encodeHistogram,
  type Histogram,
  percentile,
} from "./histogram.ts";

function histogramOf(durations: readonly number[]): Histogram {
  const histogram: Histogram = new Map();
  for (const duration of durations) addDuration(histogram, duration);
  return histogram;
}

const durations = fc.array(fc.integer({ min: 0, max: 2 ** 30 }), { minLength: 1, maxLength: 200 });

describe("a histogram", () => {
  it("returns percentiles with an error of at most 6.25 %, and exact ones below 16 ms", () => {
    fc.assert(
      fc.property(durations, fc.constantFrom(0.5, 0.95, 0.99, 1), (list, share) => {
        const exact = list.toSorted((a, b) => a - b)[Math.ceil(list.length * share) - 1]!;
        const given = percentile(histogramOf(list), share)!;
        expect(Math.abs(given - exact)).toBeLessThanOrEqual(exact < 16 ? 0 : exact * 0.0625);
      }),
    );
  });

  it("is the sum of the histograms of its parts", () => {
    fc.assert(
      fc.property(durations, durations, (first, second) => {
        const sum = histogramOf(first);
        addAll(sum, histogramOf(second));
        expect(sum).toEqual(histogramOf([...first, ...second]));
        const stored = addToStored(encodeHistogram(histogramOf(first)), histogramOf(second));
        expect(decodeHistogram(stored)).toEqual(sum);
      }),
    );
  });

  it("is the same after encoding and decoding, and has no percentile when it is empty", () => {
    const histogram = histogramOf([1, 1, 5000]);
    expect(decodeHistogram(encodeHistogram(histogram))).toEqual(histogram);
    expect(percentile(decodeHistogram("[]"), 0.5)).toBeNull();
  });

  it("accepts invalid durations: negative, fractional, or longer than its range", () => {
    expect(percentile(histogramOf([-5]), 0.5)).toBe(0);
    expect(percentile(histogramOf([0.4]), 0.5)).toBe(0);
    expect(percentile(histogramOf([1e15]), 0.5)).toBeGreaterThan(1e9);
  });
});
