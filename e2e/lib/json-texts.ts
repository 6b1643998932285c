/** Unusual JSON texts, which a parser and a serialiser between publisher and receiver would change. */
import fc from "fast-check";

const space = fc.array(fc.constantFrom(" ", "\t", "\n", "\r"), { maxLength: 3 }).map((parts) => parts.join(""));

const number = fc.oneof(
  fc.constantFrom("0", "-0", "1.0", "1E400", "-1e-400", "12345678901234567890", "0.10", "1e+2", "9007199254740993"),
  fc.stringMatching(/^-?(0|[1-9]\d{0,25})(\.\d{1,20})?([eE][+-]?\d{1,4})?$/),
);

/** Escapes that have a shorter equivalent, and unpaired surrogates. */
const escape = fc.oneof(
  fc.constantFrom('\\"', "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t"),
  fc.constantFrom("\\u0000", "\\u0041", "\\u00e9", "\\u2028", "\\ud83d\\ude00", "\\ud800", "\\uDfFf", "\\udc00\\ud800"),
);
const plain = fc
  .oneof(
    fc.string({ unit: "grapheme", maxLength: 4 }),
    fc.constantFrom("\u2028", "\u007f", "\ufeff", "é", "e\u0301", "𝄞", "}{", "]["),
  )
  // oxlint-disable-next-line no-control-regex -- control characters must be escaped in JSON.
  .map((text) => text.replaceAll(/["\\\u0000-\u001f]/g, "").toWellFormed());
const string = fc.array(fc.oneof(escape, plain), { maxLength: 6 }).map((parts) => `"${parts.join("")}"`);

const key = fc.oneof(
  fc.constantFrom('"a"', '"payload"', '"data"', '"__proto__"', '"constructor"', '"\\u0061"', '""', '"1"'),
  string,
);

const { object, value } = fc.letrec<{ value: string; object: string; array: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.oneof(number, string, fc.constantFrom("true", "false", "null")),
    tie("object"),
    tie("array"),
  ),
  array: fc
    .array(fc.tuple(space, tie("value"), space), { maxLength: 4 })
    .map((items) => `[${items.map((parts) => parts.join("")).join(",")}]`),
  // Keys need not be unique: duplicate keys are intended.
  object: fc
    .tuple(space, fc.array(fc.tuple(space, key, space, space, tie("value"), space), { maxLength: 5 }))
    .map(([inside, members]) =>
      members.length === 0
        ? `{${inside}}`
        : `{${members.map(([a, name, b, c, text, d]) => `${a}${name}${b}:${c}${text}${d}`).join(",")}}`,
    ),
}));

/** Any JSON object. */
export const jsonObject: fc.Arbitrary<string> = object;

/** A publish request around a payload: members before and after it, white space everywhere, an earlier payload that is overridden. */
export function publishRequest(payload: fc.Arbitrary<string>): fc.Arbitrary<{ payload: string; request: string }> {
  const name = fc.constantFrom('"payload"', '"payload"', '"p\\u0061yload"', '"data"');
  return fc
    .record({
      payload,
      name,
      spaces: fc.array(space, { minLength: 6, maxLength: 6 }),
      other: value,
      earlier: fc.boolean(),
    })
    .map(({ payload: text, name: member, spaces: [a, b, c, d, e, f], other, earlier }) => {
      const before = earlier ? `${member}:{"overruled":true},` : "";
      const request = `${a}{${b}"eventType"${c}:"payload.test",${before}${d}${member}${e}:${f}${text}${a},"unknown":${other}}${b}`;
      return { payload: text, request };
    });
}
