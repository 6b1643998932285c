import { describe, expect, it } from "vitest";
import { retryPolicy } from "../../../posthorn/src/domain/policy/retry.ts";
import { retryDelay } from "../../../posthorn/src/dispatch/outcome.ts";
import { type RetryBackoff, retryTimeline } from "./retry-timeline.ts";

/** The waits that the dispatcher makes, in milliseconds. */
function actualWaits(backoff: object, maxAgeSeconds: number, random: number): readonly number[] {
  const policy = retryPolicy({ backoff, maxAgeSeconds, stopCodes: [], retryCodes: [] } as never);
  const waits: number[] = [];
  for (let ageMs = 0; waits.length < 200; ageMs += waits.at(-1)!) {
    const failed = { attempts: waits.length + 1, responseCode: 500, retryAfterMs: null, ageMs };
    const wait = retryDelay(policy, failed, random);
    if (wait === null) break;
    waits.push(wait);
  }
  return waits;
}

describe("the timeline of a retry policy", () => {
  it.each<[string, RetryBackoff, number]>([
    ["schedule", { type: "schedule", delays: [5, 300, 1800], jitter: 0.2 }, 0],
    ["preset", { type: "preset", preset: "days" }, 0],
    ["single attempt", { type: "preset", preset: "none" }, 0],
    ["schedule with a maximum age", { type: "schedule", delays: [5, 300, 1800] }, 600],
  ])("of a %s has the shortest waits of the dispatcher", (_name, backoff, maxAge) => {
    const { steps, bound } = retryTimeline(backoff, maxAge);
    expect(steps.map(({ waitMs }) => waitMs)).toEqual(actualWaits(backoff, maxAge, 0));
    expect(bound).toBe("least");
  });

  it("of an exponential backoff has the longest waits of the dispatcher", () => {
    const backoff = { type: "exponential", first: 10, factor: 3, max: 200, attempts: 6 };
    const { steps, bound } = retryTimeline(backoff, 0);
    expect(steps.map(({ waitMs }) => waitMs)).toEqual(actualWaits(backoff, 0, 1));
    expect([steps.length, bound]).toEqual([5, "most"]);
  });

  it("adds up the waits, and counts the retries that come too late", () => {
    const timeline = retryTimeline({ type: "schedule", delays: [5, 300, 1800, 7200] }, 3600);
    expect(timeline).toMatchObject({ totalMs: 2_105_000, tooLate: 1, jitter: 0.2 });
  });

  it("of an unknown type is a single attempt", () => {
    expect(retryTimeline({ type: "later" }, 0)).toMatchObject({ steps: [], totalMs: 0 });
  });
});
