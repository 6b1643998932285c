import { describe, expect, test } from "vitest";
import { openInbound } from "./inbound.ts";
import { fill, select, walk } from "./select.ts";

const inbound = openInbound({
  method: "post",
  url: "/in?hub.mode=subscribe&a=%20b#c",
  headers: { "X-Event": "push", empty: "" },
  body: new TextEncoder().encode('{"data":{"id":7,"list":["x",{"y":true}],"none":null},"__proto__":{"z":1}}'),
});
const valueOf = (selector: string): string | undefined => select(inbound, selector);

describe("select", () => {
  test.each([
    ["header:x-event", "push"],
    ["query:hub.mode", "subscribe"],
    ["query:a", " b"],
    ["body:data.id", "7"],
    ["body:data.list.1.y", "true"],
  ])("%s is found", (selector, value) => {
    expect(select(inbound, selector)).toBe(value);
  });

  test.each(["header:other", "query:b", "body:data", "body:data.none", "body:data.id.length", "body:data.list.9"])(
    "%s is not found",
    (selector) => {
      expect(select(inbound, selector)).toBeUndefined();
    },
  );

  test("inherited properties are not part of a document", () => {
    expect(walk({}, "constructor.name")).toBeUndefined();
    expect(walk([], "length.toString")).toBeUndefined();
    expect(select(inbound, "body:toString")).toBeUndefined();
  });
});

describe("fill", () => {
  test("uses the first template that can be filled", () => {
    expect(fill(valueOf, ["{header:missing}.{body:data.id}", "{header:x-event}.{body:data.id}"])).toBe("push.7");
  });

  test("an empty value does not fill a template", () => {
    expect(fill(valueOf, "{header:empty}")).toBeUndefined();
  });

  test("a template without selectors is a constant", () => {
    expect(fill(valueOf, "push")).toBe("push");
  });
});
