import { expect, it } from "vitest";
import { replayBody } from "./replay-selected.ts";

const messages = [
  { id: "msg_2", timestamp: "2026-11-29T10:00:00.500Z" },
  { id: "msg_1", timestamp: "2026-11-28T10:00:00Z" },
];

it("a replay of selected messages covers the time of all of them", () => {
  expect(replayBody(messages, "failed")).toEqual({
    messages: ["msg_2", "msg_1"],
    since: "2026-11-28T09:59:59.000Z",
    until: "2026-11-29T10:00:01.500Z",
    statuses: ["fail", "sending"],
    order: "oldest",
  });
});

it("a replay of all deliveries includes those that succeeded", () => {
  expect(replayBody(messages, "all").statuses).toContain("success");
});
