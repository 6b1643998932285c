import { describe, expect, it } from "vitest";
import { endpointQuery, toEndpointFilter } from "./endpoint-filter.ts";

describe("the filter of endpoints", () => {
  it("keeps valid values, and ignores unknown ones and hosts that the API would refuse", () => {
    const valid = {
      search: "42",
      host: "example.com:8080",
      kind: "sqs",
      state: "paused",
      health: "failing",
      sort: "url",
    };
    expect(toEndpointFilter({ ...valid, search: 42 })).toEqual(valid);
    expect(toEndpointFilter({ host: "a b/c", state: "open", health: 1, sort: "newest", other: "x" })).toEqual({});
  });

  it("asks the API for the order", () => {
    expect(endpointQuery({ kind: "sqs" })).toEqual({ kind: "sqs" });
    expect(endpointQuery({ sort: "oldest" })).toEqual({ reverse: true });
    expect(endpointQuery({ sort: "url" })).toEqual({ sort: "url" });
    expect(endpointQuery({ sort: "urlDown" })).toEqual({ sort: "url", reverse: true });
  });
});
