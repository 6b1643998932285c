import { describe, expect, it } from "vitest";
import { outcomeOf } from "./status.ts";

const NONE = { succeeded: 0, failed: 0, held: 0, retrying: 0, pending: 0, canceled: 0 };

describe("the outcome of a message", () => {
  it("is the worst state of its deliveries", () => {
    expect(outcomeOf({ ...NONE, succeeded: 3, failed: 1 })).toMatchObject({ word: "failed", done: 3, total: 4 });
    expect(outcomeOf({ ...NONE, succeeded: 3, retrying: 1 }).word).toBe("retrying");
    expect(outcomeOf({ ...NONE, held: 1, retrying: 1 })).toMatchObject({ word: "held", total: 2 });
    expect(outcomeOf({ ...NONE, succeeded: 1, canceled: 1 }).word).toBe("succeeded");
    expect(outcomeOf(NONE).word).toBe("unmatched");
  });
});
