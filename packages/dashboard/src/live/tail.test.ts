import { describe, expect, it } from "vitest";
import type { MessageAccepted } from "./live.ts";
import {
  withEvents,
  withGap,
  withOlder,
  EMPTY_TAIL,
  MAX_ROWS,
  newestAt,
  pausedTail,
  resumedTail,
  type TailRow,
} from "./tail.ts";

function accepted(n: number): MessageAccepted {
  const msgId = `msg_${n}`;
  const about = { appId: "app_1", appUid: null, appName: "One", eventType: "a", eventId: null, endpoints: 1 };
  return { type: "message.accepted", id: `run.${n}`, msgId, ...about, timestamp: new Date(n * 1000).toISOString() };
}

function names(rows: readonly TailRow[]): readonly string[] {
  return rows.map((row) => (row.kind === "gap" ? `gap ${String(row.caughtUp)}` : row.key.split(" ")[1]!));
}

describe("the rows of the live page", () => {
  it("are sorted newest first, each once", () => {
    const tail = withEvents(withEvents(EMPTY_TAIL, [accepted(1), accepted(2)]), [accepted(2), accepted(3)]);
    expect(names(tail.rows)).toEqual(["msg_3", "msg_2", "msg_1"]);
    expect(newestAt(tail)).toBe(new Date(3000).toISOString());
  });

  it("do not change while paused, and lose no event", () => {
    const paused = withEvents(pausedTail(withEvents(EMPTY_TAIL, [accepted(1)])), [accepted(2)]);
    expect(names(paused.rows)).toEqual(["msg_1"]);
    expect(names(paused.waiting)).toEqual(["msg_2"]);
    expect(names(resumedTail(paused).rows)).toEqual(["msg_2", "msg_1"]);
  });

  it("mark a gap, and include the messages fetched for it", () => {
    const before = withEvents(EMPTY_TAIL, [accepted(1)]);
    expect(names(withGap(before, "1", [accepted(2), accepted(3)]).rows)).toEqual(["msg_3", "msg_2", "gap 2", "msg_1"]);
    expect(names(withGap(before, "1", null).rows)).toEqual(["gap null", "msg_1"]);
  });

  it("begin with the messages from before the page was opened, each once, below those that arrived meanwhile", () => {
    const opened = withEvents(EMPTY_TAIL, [accepted(3), accepted(4)]);
    expect(names(withOlder(opened, [accepted(1), accepted(2), accepted(3)]).rows)).toEqual([
      "msg_4",
      "msg_3",
      "msg_2",
      "msg_1",
    ]);
    expect(names(withOlder(pausedTail(EMPTY_TAIL), [accepted(1)]).rows)).toEqual(["msg_1"]);
  });

  it("are limited, and count the removed ones", () => {
    const many = Array.from({ length: MAX_ROWS + 5 }, (_, n) => accepted(n));
    const tail = withEvents(EMPTY_TAIL, many);
    expect(tail.rows).toHaveLength(MAX_ROWS);
    expect(tail.dropped).toBe(5);
  });
});
