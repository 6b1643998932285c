import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readEnvelope } from "./json-envelope.ts";
import { findMembers } from "./json-range.ts";

const NAMES = ["payload", "data"] as const;

/** Result of parsing everything: its value with an empty payload, and the bytes of the payload. */
function parsed(text: string): { readonly value: unknown; readonly content: string } | null {
  try {
    const value = JSON.parse(text) as Record<string, unknown>;
    const found = findMembers(Buffer.from(text), NAMES);
    const [name, content] = Object.entries(found)[0]!;
    return { value: { ...value, [name]: {} }, content: content.toString() };
  } catch {
    return null;
  }
}

function read(text: string): { readonly value: unknown; readonly content: string } | null {
  const envelope = readEnvelope(Buffer.from(text), NAMES);
  return envelope === null ? null : { value: envelope.value, content: envelope.content.toString() };
}

describe("reading a message around its payload", () => {
  it("finds the exact bytes of the payload, and parses the rest", () => {
    const payload =
      '{ "n" : 1.0, "big": 12345678901234567890, "é\\u00e9\\n": [ true , false,null, -0.5e+10, "" , {} , [] ] }';
    expect(read(` {"eventType":"a.b","payload": ${payload} ,"tags":["ä"]}\n`)).toEqual({
      value: { eventType: "a.b", payload: {}, tags: ["ä"] },
      content: payload,
    });
    expect(read('{"data":{}}')).toEqual({ value: { data: {} }, content: "{}" });
  });

  it.each([
    '{"payload":{},"payload":{}}',
    '{"payload":{},"data":{}}',
    '{"pay\\u006coad":{}}',
    '{"payload":{},"d\\u0061ta":{}}',
    '{"payload":[]}',
    '{"payload":"{}"}',
    '{"payload":null}',
    '{"other":{}}',
    '[{"payload":{}}]',
    "",
    "{}",
    '\ufeff{"payload":{}}',
    `{"payload":${'{"a":'.repeat(300)}1${"}".repeat(300)}}`,
    `{"payload":{},"a":${"[".repeat(300)}${"]".repeat(300)}}`,
  ])("leaves %j to the parser", (text) => {
    expect(read(text)).toBeNull();
  });

  it.each([
    '{"payload":{}',
    '{"payload":{}}}',
    '{"payload":{},}',
    '{"payload":{}} x',
    '{"payload":{"a":1,}}',
    '{"payload":{"a":[1,]}}',
    '{"payload":{"a":[1}}',
    '{"payload":{"a"}}',
    '{"payload":{"a":}}',
    '{"payload":{a:1}}',
    '{"payload":{"a":01}}',
    '{"payload":{"a":-}}',
    '{"payload":{"a":1.}}',
    '{"payload":{"a":.5}}',
    '{"payload":{"a":1e}}',
    '{"payload":{"a":1e+}}',
    '{"payload":{"a":+1}}',
    '{"payload":{"a":tru}}',
    '{"payload":{"a":truex}}',
    '{"payload":{"a":"\n"}}',
    '{"payload":{"a":"\\x"}}',
    '{"payload":{"a":"\\u12g4"}}',
    '{"payload":{"a":"\\u12"}}',
    '{"payload":{"a":"\\"}}',
    '{"payload":{"a":"',
    '{"payload":{"a":"\\',
    '{"payload":{\u00a0}}',
    '{"payload":{\f}}',
  ])("rejects the malformed text %j", (text) => {
    expect(() => void JSON.parse(text)).toThrow("JSON");
    expect(read(text)).toBeNull();
  });

  it("reads a long string like the parser, whichever byte is where", () => {
    const long = (at: number, byte: string): string =>
      `{"payload":{"a":"${"é".repeat(at % 3)}${"x".repeat(300 + at)}${byte}${"~ ".repeat(at + 300)}"}}`;
    for (let at = 0; at < 12; at++) {
      for (let code = 0; code < 0x100; code++) {
        const text = long(at, String.fromCharCode(code));
        expect([at, code, read(text)]).toEqual([at, code, parsed(text)]);
      }
    }
  });

  it("reads a string of any length between escapes", () => {
    for (let length = 0; length < 1000; length += 7) {
      const text = `{"payload":{"a":"${`${"x".repeat(length)}\\n\\u00e9`.repeat(5)}"}}`;
      expect(read(text)).toEqual(parsed(text));
    }
  });

  it("leaves a message to the parser if too much of it would be parsed in one step", () => {
    const text = `{"payload":{"a":"${"x".repeat(100)}"},"tags":["${"y".repeat(100)}"]}`;
    const rest = Buffer.byteLength(text) - parsed(text)!.content.length;
    expect(readEnvelope(Buffer.from(text), NAMES, rest)).not.toBeNull();
    expect(readEnvelope(Buffer.from(text), NAMES, rest - 1)).toBeNull();
  });

  it("reads a generated message like the parser", () => {
    const messages = fc.record({ payload: fc.object({ maxDepth: 4 }), eventType: fc.string(), tags: fc.jsonValue() });
    fc.assert(
      fc.property(messages, fc.constantFrom(0, 1, 3), (message, indent) => {
        const text = JSON.stringify(
          message,
          (_name, value: unknown) => (typeof value === "bigint" ? 0 : value),
          indent,
        );
        expect(read(text)).toEqual(parsed(text));
      }),
      { seed: 7, numRuns: 300 },
    );
  });

  it("accepts a damaged message only if the parser does, and then reads the same", () => {
    const base = '{"eventType":"a","payload":{"a":[1,-2.5e3,"x\\n\\u00e9",true,null,{"b":{}}],"c":""},"tags":["t"]}';
    const letters = fc.constantFrom(...'{}[]",:\\ \n0123456789.-+eEtrufalsn\u0001'.split(""));
    const changes = fc.array(fc.tuple(fc.nat(base.length), letters, fc.nat(2)), { minLength: 1, maxLength: 3 });
    const damaged = changes.map((list) =>
      list.reduce((text, [at, letter, cut]) => text.slice(0, at) + letter + text.slice(at + cut), base),
    );
    const accepted = fc.sample(damaged, { seed: 7, numRuns: 3000 }).filter((text) => read(text) !== null);
    expect(accepted.length).toBeGreaterThan(100);
    expect(accepted.map((text) => read(text))).toEqual(accepted.map((text) => parsed(text)));
  });
});
