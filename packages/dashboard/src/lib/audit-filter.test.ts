import { expect, it } from "vitest";
import { auditQuery, toAuditFilter } from "./audit-filter.ts";

it.each(["constructor", "toString", "1y"])("ignores the range %s", (range) => {
  const filter = toAuditFilter({ range, type: "change" });
  expect(auditQuery(filter, 0)).toEqual({ type: "change" });
});

it("turns a range into a time, to the minute", () => {
  expect(auditQuery(toAuditFilter({ range: "24h" }), 86_400_000 + 61_000)).toEqual({
    after: "1970-01-01T00:01:00.000Z",
  });
});
