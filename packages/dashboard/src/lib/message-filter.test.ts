import { expect, it } from "vitest";
import { toMessageFilter } from "./message-filter.ts";

it("keeps values of the URL that the API accepts", () => {
  const filter = {
    q: "ä b",
    after: "2026-11-28T23:00:00.000Z",
    before: "2026-11-29T01:00:00+01:00",
    app: "acme.eu-1",
    endpoint: "ep_1",
  };
  expect(toMessageFilter(filter)).toEqual(filter);
  expect(toMessageFilter({ app: 42 })).toEqual({ app: "42" });
});

it.each([
  ["after", "yesterday"],
  ["after", "2026-11-28"],
  ["before", "2026-13-45T99:00:00Z"],
  ["before", 1_764_288_000],
  ["app", "no such app"],
  ["app", "x".repeat(257)],
  ["endpoint", "../ep"],
])("ignores %s=%s, for which the API would reject the request", (name, value) => {
  expect(toMessageFilter({ state: "failed", [name]: value })).toEqual({ state: "failed" });
});
