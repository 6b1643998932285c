import { describe, expect, it } from "vitest";
import { requestQuery, toRequestFilter } from "./request-filter.ts";

describe("the filter of API requests", () => {
  it("ignores values of the URL that it does not know", () => {
    expect(toRequestFilter({ by: "key", method: "get", result: "server_error", search: "", tab: "requests" })).toEqual({
      by: "key",
      result: "server_error",
    });
  });

  it.each(["v1.endpoint.", "key_3Ml", "not_found", "validation", "insufficient access", "4bf92f35-77b3"])(
    "finds requests by %s",
    (search) => {
      expect(requestQuery({ search, by: "user" })).toEqual({ search, caller_kind: "user" });
    },
  );

  it("takes three digits for a status", () => {
    expect(requestQuery({ search: "422" })).toEqual({ status: 422 });
    expect(requestQuery({ search: "4220" })).toEqual({ search: "4220" });
  });
});
