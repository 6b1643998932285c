import { expect, it } from "vitest";
import { skippedReasons } from "./left-out.ts";

const NONE = { success: 0, pending: 0, fail: 0, sending: 0, canceled: 0 };

it("adds the counts of all endpoints by reason, and omits reasons that left nothing out", () => {
  const one = { payloadGone: 1, alreadyDue: 0, otherStatus: { ...NONE, success: 2, sending: 29 } };
  const other = { payloadGone: 0, alreadyDue: 0, otherStatus: { ...NONE, success: 1 }, endpointDisabled: 4 };
  expect(skippedReasons([one, other])).toEqual([
    ["success", 3],
    ["sending", 29],
    ["payloadGone", 1],
    ["endpointDisabled", 4],
  ]);
  expect(skippedReasons([])).toEqual([]);
});
