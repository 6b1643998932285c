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
    ["v1.endpoint.", { operation: "v1.endpoint" }],
    ["key_3Ml", { caller: "key_3Ml" }],
    ["422", { status: 422 }],
    ["not_found", { error_code: "not_found" }],
    ["req_3MlOd3eDqGd04tgKqTphHmkJtm2", { request_id: "req_3MlOd3eDqGd04tgKqTphHmkJtm2" }],
    ["4bf92f35-77b3", { request_id: "4bf92f35-77b3" }],
  ])("finds what %s names", (search, query) => {
    expect(requestQuery({ search, by: "user" })).toEqual({ ...query, caller_kind: "user" });
  });
});
