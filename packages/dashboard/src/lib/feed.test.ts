import { expect, test } from "vitest";
import { expiresSoon, feedSnippets } from "./feed.ts";

test("the commands read the feed at a URL under the name of a consumer", () => {
  const { poll, commit, stream } = feedSnippets("https://hooks.example/feed", "billing");
  expect(poll).toContain('curl "https://hooks.example/feed/consumer/billing/poll"');
  expect(commit).toContain("/consumer/billing/commit");
  expect(stream).toContain('"https://hooks.example/feed/stream"');
});

test("a consumer that is deleted within a week is marked", () => {
  const now = Date.parse("2026-11-27T00:00:00Z");
  expect(expiresSoon("2026-12-03T23:59:59Z", now)).toBe(true);
  expect(expiresSoon("2026-12-04T00:00:00Z", now)).toBe(false);
});
