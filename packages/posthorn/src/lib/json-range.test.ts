import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findItems, findMembers } from "./json-range.ts";

function textOf(json: string): string | undefined {
  return findMembers(Buffer.from(json), ["payload"]).payload?.toString("utf8");
}

describe("findMembers", () => {
  it.each([
    ['{"payload":{"a":1.0}}', '{"a":1.0}'],
    ['{"payload" : 12345678901234567890 }', "12345678901234567890"],
    ['{"eventType":"a","payload":\n\t{ "b" : 1 ,"a":[] }\r\n,"z":1}', '{ "b" : 1 ,"a":[] }'],
    ['{"x":{"payload":1},"payload":{"y":"}\\"{"}}', '{"y":"}\\"{"}'],
    ['{"pay\\u006coad":{"esc":"\\u00e9\\/"}}', '{"esc":"\\u00e9\\/"}'],
    ['{"payload":1,"payload":{"last":true}}', '{"last":true}'],
    ['{"a":"\\\\","payload":"x\\\\"}', '"x\\\\"'],
    ['{"payload":{"k":1,"k":2}}', '{"k":1,"k":2}'],
    [' {"payload":null}', "null"],
  ])("finds the exact text of the member in %s", (json, expected) => {
    expect(textOf(json)).toBe(expected);
  });

  it.each(["{}", '{"other":{"payload":1}}', '{"a":"payload"}'])("finds nothing in %s", (json) => {
    expect(textOf(json)).toBeUndefined();
  });

  it("finds exactly the bytes of the member, for any JSON around and inside it", () => {
    const space = fc.constantFrom("", " ", "\n", "\t \r\n");
    fc.assert(
      fc.property(fc.json(), fc.json(), fc.json(), space, space, (before, value, after, left, right) => {
        const json = `{"a":${before},"payload"${left}:${right}${value}${left},"z":${after}}`;
        expect(textOf(json)).toBe(value.trim());
      }),
      { numRuns: 500 },
    );
  });
});

describe("findItems", () => {
  it.each<[string, string[]]>([
    ["[]", []],
    [" [ ] ", []],
    ["[1.0, 12345678901234567890 ,-1e5]", ["1.0", "12345678901234567890", "-1e5"]],
    ['[{"a":[1,"]"]} ,\n"x,\\"]",[],null]', ['{"a":[1,"]"]}', '"x,\\"]"', "[]", "null"]],
  ])("finds the exact text of each item of %s", (json, expected) => {
    expect(findItems(Buffer.from(json)).map((item) => item.toString("utf8"))).toEqual(expected);
  });

  it("finds exactly the bytes of each item, for any JSON and any whitespace", () => {
    const space = fc.constantFrom("", " ", "\n", "\t \r\n");
    fc.assert(
      fc.property(fc.array(fc.json()), space, space, (items, left, right) => {
        const json = `${left}[${items.map((item) => `${left}${item}${right}`).join(",")}${right}]${right}`;
        expect(findItems(Buffer.from(json)).map((item) => item.toString("utf8"))).toEqual(
          items.map((item) => item.trim()),
        );
      }),
      { numRuns: 500 },
    );
  });
});
