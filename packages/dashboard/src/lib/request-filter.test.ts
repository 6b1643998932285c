import { describe, expect, it } from "vitest";
import { requestQuery, toRequestFilter } from "./request-filter.ts";

describe("the filter of API requests", () => {
  it("ignores values of the URL that it does not know", () => {
    expect(toRequestFilter({ by: "key", method: "get", result: "server_error", search: "", tab: "requests" })).toEqual({
      by: "key",
      result: "server_error",
    });
  });

  it.each([
    ["422", { status: 422 }],
    ...["v1.endpoint.", "key_3Ml", "not_found", "validation", "insufficient access", "4bf92f35-77b3"].map(
      (search) => [search, { search }] as const,
    ),
  ])("finds what %s names", (search, query) => {
    expect(requestQuery({ search, by: "user" })).toEqual({ ...query, caller_kind: "user" });
  });
});
