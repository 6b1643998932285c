import { describe, expect, it } from "vitest";
import { EventParser } from "./stream.ts";

describe("the parser of server-sent events", () => {
  it("assembles events from chunks of any size", () => {
    const text = "retry: 2000\nid: r.1\nevent: open\ndata: {}\n\n:\n\nid: r.2\nevent: a\ndata: one\ndata: two\n\n";
    for (const size of [1, 2, 7, 1000]) {
      const parser = new EventParser();
      const events = Array.from({ length: Math.ceil(text.length / size) }, (_, n) =>
        parser.push(text.slice(n * size, (n + 1) * size)),
      ).flat();
      expect(events).toEqual([
        { id: "r.1", event: "open", data: "{}" },
        { id: "r.2", event: "a", data: "one\ntwo" },
      ]);
    }
  });
});
