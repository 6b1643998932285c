import { describe, expect, it } from "vitest";
import { made } from "../../test/support/dispatch.ts";
import { successOutcome } from "../../test/support/store.ts";
import { AttemptTracker } from "./delivery-store.ts";

describe("the settled key of the attempt tracker", () => {
  it("is the highest key below which no attempt is unfinished", () => {
    let lastKey = 10;
    const tracker = new AttemptTracker(() => lastKey);
    expect(tracker.settledUpTo).toBe(10);
    const first = tracker.started();
    lastKey = 20;
    const second = tracker.started();
    expect(tracker.settledUpTo).toBe(10);
    const result = made(0) as Extract<ReturnType<typeof made>, { kind: "made" }>;
    tracker.ended(first, result);
    expect(tracker.settledUpTo).toBe(10);
    tracker.settled(successOutcome(1, { attempt: result.attempt }));
    expect(tracker.settledUpTo).toBe(20);
    tracker.ended(second, { kind: "held" });
    expect(tracker.settledUpTo).toBe(20);
  });

  it("does not stop at an attempt that was interrupted", () => {
    let lastKey = 10;
    const tracker = new AttemptTracker(() => lastKey);
    const attempt = tracker.started();
    lastKey = 20;
    expect(tracker.settledUpTo).toBe(10);
    tracker.ended(attempt, null);
    expect(tracker.settledUpTo).toBe(20);
  });

  it("moves past attempts that started together once the last of them is settled", () => {
    let lastKey = 10;
    const tracker = new AttemptTracker(() => lastKey);
    const attempts = tracker.started(3);
    lastKey = 20;
    const result = made(0) as Extract<ReturnType<typeof made>, { kind: "made" }>;
    const outcome = successOutcome(1, { attempt: result.attempt });
    tracker.ended(attempts, null);
    tracker.ended(attempts, result);
    tracker.settled(outcome);
    tracker.settled(outcome);
    expect(tracker.settledUpTo).toBe(10);
    tracker.ended(attempts, { kind: "held" });
    expect(tracker.settledUpTo).toBe(20);
  });
});
