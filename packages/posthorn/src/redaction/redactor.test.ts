import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { MASK, Redactor, WHOLE_JSON } from "./redactor.ts";
import { compileRule, type RedactionRule, RedactionRuleError } from "./rule.ts";

const hash = (text: string): string =>
  `hmac-${createHmac("sha256", "key").update(text).digest("base64url").slice(0, 22)}`;

function ruleOf(rule: Partial<RedactionRule>): RedactionRule {
  return { path: null, pattern: null, action: "mask", eventTypes: null, keepExactMs: 0, ...rule };
}

function redactorOf(...rules: readonly Partial<RedactionRule>[]): Redactor {
  return new Redactor(
    rules.map((rule) => compileRule(ruleOf(rule))),
    hash,
  );
}

function redacted(body: string, rules: readonly Partial<RedactionRule>[], contentType = "application/json"): string {
  return (
    redactorOf(...rules)
      .redact(Buffer.from(body), contentType, "order.paid")
      ?.body.toString("utf8") ?? body
  );
}

const EMAIL = String.raw`[\w.+-]+@[\w-]+\.[\w.]+`;

describe("a path", () => {
  it.each([
    ["$.customer.email", `{"customer":{"email":"a@b.c","name":"A"}}`, `{"customer":{"email":"${MASK}","name":"A"}}`],
    [
      "$..number",
      `{"card":{"number":4111},"cards":[{"number":"5"}]}`,
      `{"card":{"number":"${MASK}"},"cards":[{"number":"${MASK}"}]}`,
    ],
    [
      "$.items[*].ssn",
      `{"items":[{"ssn":1},{"x":2},{"ssn":null}]}`,
      `{"items":[{"ssn":"${MASK}"},{"x":2},{"ssn":"${MASK}"}]}`,
    ],
    ["$.items[1]", `{"items":[1,2,3]}`, `{"items":[1,"${MASK}",3]}`],
    ["$.items[1:]", `{"items":[1,2,3]}`, `{"items":[1,"${MASK}","${MASK}"]}`],
    ["$.customer", `{"customer":{"a":[1,{"b":2}]},"z":1}`, `{"customer":"${MASK}","z":1}`],
    [
      "$..card.number",
      `{"a":{"card":{"number":1}},"card":{"number":2},"number":3}`,
      `{"a":{"card":{"number":"${MASK}"}},"card":{"number":"${MASK}"},"number":3}`,
    ],
    ["$", `{"a":1}`, `"${MASK}"`],
    ["$['é \\u0022']", `{"\\u00e9 \\"":1}`, `{"\\u00e9 \\"":"${MASK}"}`],
  ])("%s redacts only matching values", (path, body, expected) => {
    expect(redacted(body, [{ path }])).toBe(expected);
  });

  it("redacts each of several members with the same name", () => {
    expect(redacted(`{"ssn":"1","ssn":"2"}`, [{ path: "$.ssn" }])).toBe(`{"ssn":"${MASK}","ssn":"${MASK}"}`);
    expect(redacted(`{"a":{"ssn":"1"},"a":{"ssn":"2"}}`, [{ path: "$.a.ssn" }])).not.toMatch(/[12]/);
  });

  it("finds a name that is written with escapes", () => {
    expect(redacted(String.raw`{"\u0073sn":"1"}`, [{ path: "$.ssn" }])).toBe(String.raw`{"\u0073sn":"${MASK}"}`);
  });

  it("keeps white space, escapes, large numbers and the order of members", () => {
    const rest = String.raw` { "n" : 12345678901234567890 ,"t":"\u00e9\/", "e":1.0E+2,  "ssn" : `;
    expect(redacted(`${rest}"x"}\n`, [{ path: "$.ssn" }])).toBe(`${rest}"${MASK}"}\n`);
  });

  it("redacts the whole body if it is not JSON, is malformed, or is nested too deeply", () => {
    for (const body of [
      `{"ssn":"1",}`,
      `{"ssn":"1"} {"ssn":"2"}`,
      `{'ssn':1}`,
      `{"ssn":01}`,
      `{"a":"\u0001"}`,
      "ssn=1",
    ]) {
      expect(redacted(body, [{ path: "$.ssn" }])).toBe(WHOLE_JSON);
    }
    expect(redacted("<ssn>1</ssn>", [{ path: "$.ssn" }], "application/xml")).toBe(MASK);
    const deep = `${"[".repeat(300)}${"]".repeat(300)}`;
    expect(redacted(deep, [{ path: "$.ssn" }])).toBe(WHOLE_JSON);
    const binary = redactorOf({ path: "$.ssn" }).redact(Buffer.of(0xff, 0xfe), "application/octet-stream", "a");
    expect(binary).toMatchObject({ isWhole: true, spans: [0, 2] });
  });

  it("is applied to JSON with another content type", () => {
    expect(redacted(` {"ssn":"1"}`, [{ path: "$.ssn" }], "text/plain")).toBe(` {"ssn":"${MASK}"}`);
  });
});

describe("a pattern", () => {
  it("redacts the matching part of strings and names, and numbers as a whole", () => {
    const rules = [{ pattern: EMAIL }, { pattern: String.raw`\b4\d{15}\b` }];
    expect(redacted(`{"note":"mail a@b.co now","a@b.co":1,"card":4111111111111111,"n":12}`, rules)).toBe(
      `{"note":"mail ${MASK} now","${MASK}":1,"card":"${MASK}","n":12}`,
    );
  });

  it("matches the text of a string, regardless of escapes", () => {
    const body = String.raw`{"a":"\u00e9\n alice\u0040example.com \ud83d\ude00","b":"é 😀 bob@example.com\/"}`;
    expect(redacted(body, [{ pattern: EMAIL }])).toBe(
      String.raw`{"a":"\u00e9\n ${MASK} \ud83d\ude00","b":"é 😀 ${MASK}\/"}`,
    );
  });

  it("redacts other texts, and forms field by field", () => {
    expect(redacted("é to a@b.co, c@d.co.", [{ pattern: EMAIL }], "text/plain")).toBe(`é to ${MASK}, ${MASK}`);
    expect(redacted("a=1&mail=alice%40b.co&x=y", [{ pattern: EMAIL }], "application/x-www-form-urlencoded")).toBe(
      `a=1&mail=${MASK}&x=y`,
    );
  });

  it("redacts the whole body if it is not text, or if the search would take too long", () => {
    expect(redacted(`{"a":"${"x@".repeat(400_000)}"}`, [{ pattern: `(?:${EMAIL}|x{50,90})` }])).toBe(WHOLE_JSON);
    const binary = redactorOf({ pattern: EMAIL }).redact(Buffer.of(0xff), "text/plain", "a");
    expect(binary?.body.toString()).toBe(MASK);
  });

  it("masks matches of several patterns that overlap as one", () => {
    const rules = [{ pattern: "abc", action: "hash" as const }, { pattern: "cde" }];
    expect(redacted(`"xabcdex"`, rules)).toBe(`"x${MASK}x"`);
  });
});

describe("a hash", () => {
  it("is the same for equal values, however they are written and matched", () => {
    const rules = [
      { path: "$.a", action: "hash" as const },
      { pattern: EMAIL, action: "hash" as const },
    ];
    expect(redacted(String.raw`{"a":"x\u0040y.co","b":"x@y.co"}`, rules)).toBe(
      `{"a":"${hash("x@y.co")}","b":"${hash("x@y.co")}"}`,
    );
  });
});

describe("a rule", () => {
  it("applies to its event types, and to groups of them", () => {
    const redactor = redactorOf({ path: "$.a", eventTypes: ["order.paid", "user.*"] });
    const isRedacted = (type: string) => redactor.redact(Buffer.from(`{"a":1}`), "application/json", type) !== null;
    expect(["order.paid", "user.created", "user", "order.paid.x", "users.a"].map(isRedacted)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it("is rejected if it is not valid, or cannot be applied in one pass", () => {
    for (const path of ["customer", "$.a[?@.b]", "$..*", "$.a[-1]", "$.a[1,2]"]) {
      expect(() => compileRule(ruleOf({ path }))).toThrow(RedactionRuleError);
    }
    for (const pattern of ["(", "(?=a)", "a*", String.raw`(a)\1`]) {
      expect(() => compileRule(ruleOf({ pattern }))).toThrow(RedactionRuleError);
    }
  });
});

describe("a text that may be truncated", () => {
  it("is redacted up to its end", () => {
    const redactor = redactorOf({ path: "$.ssn" }, { pattern: EMAIL });
    expect(redactor.redactText(`{"x":1,"ssn":"123-4`, "a")).toBe(`{"x":1,"ssn":"${MASK}"`);
    expect(redactor.redactText("no such user: a@b.co", "a")).toBe(`no such user: ${MASK}`);
    expect(redactor.redactText("OK", "a")).toBe("OK");
  });
});

/** JSON text with random white space, escapes and repeated members, whose values at `secret` and in lists below `secrets` contain the canary. */
const CANARY = "CANARY";
const space = fc.stringMatching(/^[ \n\t]{0,2}$/);
const scalar = fc.oneof(
  fc.constantFrom("0", "-1.50e+3", "12345678901234567890", "true", "null", '""', String.raw`"\ud83d\u00e9\""`),
  fc.string({ maxLength: 8 }).map((text) => JSON.stringify(text.replaceAll(CANARY, ""))),
);
const secret = fc.oneof(
  fc.constantFrom(
    `"${CANARY}"`,
    `"x ${CANARY}\\n"`,
    `["${CANARY}",{"a":"${CANARY}"}]`,
    `{"${CANARY}":1,"secret":"${CANARY}"}`,
  ),
);
const { json } = fc.letrec<{ json: string; object: string; list: string }>((tie) => ({
  json: fc.oneof({ depthSize: "small" }, scalar, tie("object"), tie("list")),
  list: fc
    .tuple(space, fc.array(tie("json"), { maxLength: 4 }))
    .map(([gap, items]) => `[${gap}${items.join(`${gap},`)}]`),
  object: fc
    .tuple(
      space,
      fc.array(
        fc.oneof(
          fc.tuple(fc.constantFrom('"a"', '"b"', String.raw`"\u0061"`), tie("json")),
          fc.tuple(fc.constantFrom('"secret"', String.raw`"s\u0065cret"`), secret),
        ),
        { maxLength: 5 },
      ),
    )
    .map(
      ([gap, members]) => `{${members.map(([name, value]) => `${gap}${name}${gap}:${gap}${value}${gap}`).join(",")}}`,
    ),
}));

describe("for any JSON text", () => {
  it("no value at the path remains, and all other bytes do", () => {
    const redactor = redactorOf({ path: "$..secret" });
    fc.assert(
      fc.property(json, (text) => {
        const body = Buffer.from(text);
        const result = redactor.redact(body, "application/json", "a");
        const after = result?.body ?? body;
        expect(after.includes(CANARY)).toBe(false);
        // Spans cover exactly what was replaced, and the result is JSON with the same structure elsewhere.
        const spans = result?.spans ?? [];
        const kept: Buffer[] = [];
        let from = 0;
        for (let at = 0; at < spans.length; at += 2) {
          kept.push(body.subarray(from, spans[at]), Buffer.from(`"${MASK}"`));
          from = spans[at + 1]!;
          expect(body.subarray(spans[at], spans[at + 1]).includes(CANARY)).toBe(true);
        }
        expect(Buffer.concat([...kept, body.subarray(from)]).equals(after)).toBe(true);
        expect(() => JSON.parse(after.toString("utf8")) as unknown).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });

  it("the syntax check agrees with JSON.parse", () => {
    const redactor = redactorOf({ path: "$.nothing" });
    const damaged = fc.tuple(json, fc.nat(), fc.constantFrom("", ",", '"', "}", "1", "\\")).map(([text, at, piece]) => {
      const place = at % (text.length + 1);
      return text.slice(0, place) + piece + text.slice(place + 1);
    });
    fc.assert(
      fc.property(damaged, (text) => {
        if (text === "" || !text.isWellFormed()) return;
        const isWhole = redactor.redact(Buffer.from(text), "application/json", "a")?.isWhole ?? false;
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        expect(isWhole).toBe(!isJson);
      }),
      { numRuns: 1000 },
    );
  });
});
