import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Json, matches as naive } from "../../test/support/naive-filter.ts";
import { type CompiledFilter, compileFilter, FilterSyntaxError, MAX_FILTER_BYTES, preview } from "./compile.ts";
import { DOCUMENT_ROOTS, FilterDocument } from "./document.ts";
import { FilterError } from "./types.ts";

const json = (value: unknown): string => JSON.stringify(value);
const clauseOf = (filter: unknown, document: object): string | null =>
  compileFilter(json(filter)).failingClause(document);
const matches = (filter: unknown, value: unknown): boolean => clauseOf({ at: filter }, { at: value }) === null;

function messageWith(body: string, contentType = "application/json"): FilterDocument {
  return new FilterDocument(Buffer.from(body), contentType, {
    id: "msg_1",
    eventType: "invoice.paid",
    time: 0,
    channels: ["eu"],
    tags: null,
  });
}

const filterOf = (text: string) => compileFilter(text, DOCUMENT_ROOTS);

describe("a filter", () => {
  it("that is empty matches everything", () => {
    expect(clauseOf({}, {})).toBeNull();
    expect(clauseOf({}, { body: 1 })).toBeNull();
  });

  it.each<[string, unknown, readonly unknown[], readonly unknown[]]>([
    ["a text equals itself", "a", ["a", ["b", "a"], [["a"]]], ["b", 1, null, {}, [], { a: "a" }]],
    ["a number equals itself, not its text", 1, [1, 1.0, [1]], ["1", true, 2, null]],
    ["null equals null", null, [null, [null]], [0, "", false, {}, []]],
    ["a list wants each of its items", ["a", "b"], [["b", "c", "a"]], [["a"], "a", {}, "ab"]],
    ["a list may want objects", [{ n: 1 }, { m: 2 }], [[{ m: 2 }, { n: 1 }], [{ n: 1, m: 2 }]], [[{ n: 1 }]]],
    ["an object looks at members", { n: 1 }, [{ n: 1, m: 2 }, [{ n: 2 }, { n: 1 }]], [{ n: 2 }, {}, 1, "n", null]],
    ["one item holds all members", { n: 1, m: 2 }, [[{ n: 1, m: 2 }]], [[{ n: 1 }, { m: 2 }]]],
    ["{} wants an object", {}, [{}, { a: 1 }, [{}]], [1, null, "a", [], [1]]],
    [
      "$eq is deep, in any order of members",
      { $eq: { a: 1, b: [2] } },
      [{ b: [2], a: 1 }],
      [{ a: 1 }, { a: 1, b: [2, 3] }],
    ],
    ["$eq of a list is about the whole", { $eq: [1, 2] }, [[1, 2]], [[2, 1], [1, 2, 3], 1]],
    ["$neq", { $neq: "a" }, ["b", 1, null, {}, ["a"]], ["a"]],
    ["$gt, $lt of numbers", { $gt: 1, $lt: 3 }, [2, 1.5], [1, 3, "2", null, [2]]],
    ["$gte, $lte of texts", { $gte: "b", $lte: "d" }, ["b", "cc", "d"], ["a", "dd", 3]],
    ["$in of a list", { $in: ["a", 1, null] }, ["a", 1, null], ["b", "1", true, ["a"]]],
    ["$in of a text", { $in: "mid" }, ["amidst", ["mid"]], ["nope", ["amidst"], 1]],
    ["$nin", { $nin: ["a", 1] }, ["b", 2, null], ["a", 1, {}, ["b"]]],
    ["$nin of a text", { $nin: "mid" }, ["nope", ["a"]], ["amidst", ["mid"], 1]],
    ["$startsWith", { $startsWith: ["a", "b"] }, ["ax", "bx"], ["xa", 1, ["a"]]],
    ["$endsWith", { $endsWith: "a" }, ["xa"], ["ax", null]],
    ["$exist", { $exist: true }, [null, 0, {}], []],
    ["$exists false", { $exists: false }, [], [null, 0]],
    ["$or", { $or: [1, { $gt: 5 }] }, [1, 6], [2, 5]],
    ["$and", { $and: [{ $gt: 1 }, { $lt: 3 }] }, [2], [1, 3]],
    ["$not", { $not: { $in: ["a"] } }, ["b", 1], ["a"]],
    ["all members hold in addition to $or", { $exist: true, $or: ["a", "b"], $in: "a" }, ["a"], ["b", "c"]],
    ["$regex finds anywhere", { $regex: "b+$" }, ["abb", "b"], ["ba", 1, null]],
    ["$regex by the start of its text ignores case", { $regex: ["(?i)^AB", "^x"] }, ["abc", "x"], ["cab"]],
    ["$any", { $any: { $gt: 1 } }, [[1, 2]], [[1], [], 2]],
    ["$every", { $every: { $gt: 1 } }, [[2, 3], []], [[1, 2], 2]],
    ["$none", { $none: { $gt: 1 } }, [[0, 1], []], [[1, 2], 1]],
    ["$size", { $size: 2 }, [[1, 2]], [[1], "ab", { a: 1, b: 2 }]],
    ["$size with operators", { $size: { $gte: 1 } }, [[1], [1, 2]], [[]]],
    ["[*] wants one item", { "[*]": { $startsWith: "a" } }, [["b", "ab"]], [["b"], "ab", []]],
    ["[0] and [-1] are places", { "[0]": 1, "[-1]": 3 }, [[1, 2, 3]], [[3, 2, 1], [], [1]]],
    ["[0] of an object is a key", { "[0]": 1 }, [{ "[0]": 1 }], [{ 0: 1 }]],
    ["$$ stands for a key with $", { $$type: "a" }, [{ $type: "a" }], [{ $$type: "a" }]],
  ])("%s", (_title, filter, yes, no) => {
    expect(yes.filter((value) => !matches(filter, value))).toEqual([]);
    expect(no.filter((value) => matches(filter, value))).toEqual([]);
  });

  it("does not match if a key is missing, unless it requires that", () => {
    const holds = (wanted: unknown): boolean => clauseOf({ n: wanted }, {}) === null;
    const no = [1, null, {}, { $neq: 1 }, { $nin: [1] }, { $not: 1 }, { n: { $exist: false } }, { $exist: true }];
    const yes = [{ $exist: false }, { $or: ["a", { $exists: false }] }, { $and: [{ $exist: false }] }];
    expect(no.filter(holds)).toEqual([]);
    expect(yes.filter(holds)).toEqual(yes);
    expect(clauseOf({ $not: { n: 1 } }, {})).toBeNull();
    expect(matches({ "[2]": { $exist: false } }, [1])).toBe(true);
  });

  it("reports which clause failed and the value it found", () => {
    const filter = compileFilter(
      json({ body: { items: { sku: "a" }, amount: { $gt: 100 } }, $or: [{ a: 1 }, { b: 1 }] }),
    );
    const explain = (document: object) => filter.explain(document);
    expect(explain({ a: 1, body: { items: [{ sku: "a" }], amount: 101 } })).toEqual({ matched: true });
    expect(explain({ a: 1, body: { items: [{ sku: "a" }], amount: 42 } })).toEqual({
      matched: false,
      clause: "body.amount.$gt",
      found: 42,
    });
    expect(explain({ a: 1, body: { items: [{ sku: "b" }] } })).toMatchObject({
      clause: "body.items",
      found: [{ sku: "b" }],
    });
    expect(explain({ a: 1, body: { items: { sku: "a" } } })).toMatchObject({
      clause: "body.amount.$gt",
      found: undefined,
    });
    expect(explain({})).toMatchObject({ clause: "$or" });
  });

  it("reads only members of the payload itself, and no inherited properties", () => {
    const names = ["constructor", "toString", "__proto__", "hasOwnProperty", "length"];
    expect(names.filter((name) => matches({ [name]: { $exist: true } }, { a: 1 }))).toEqual([]);
    expect(names.filter((name) => matches({ [name]: { $exist: false } }, { a: 1 }))).toEqual(names);
    expect(names.filter((name) => matches({ [name]: { $exist: true } }, [1]))).toEqual([]);
    const own = messageWith('{"__proto__": {"a": 1}, "constructor": "x"}');
    expect(own.failingClause(filterOf('{"body": {"__proto__": {"a": 1}, "constructor": "x"}}'))).toBeNull();
    expect(({} as Record<string, unknown>)["a"]).toBeUndefined();
  });
});

describe("a message as filters see it", () => {
  it("has its attributes, and its body under three names", () => {
    const filter =
      '{"eventType": "invoice.paid", "topic": {"$startsWith": "invoice."}, "channels": "eu", "time": {"$lt": "1971"}}';
    expect(messageWith("not JSON").failingClause(filterOf(filter))).toBeNull();
    for (const name of ["body", "data", "payload"]) {
      expect(messageWith('{"n":1}').failingClause(filterOf(json({ [name]: { n: 1 } })))).toBeNull();
    }
    expect(messageWith("{}").failingClause(filterOf('{"tags": {"$exist": false}}'))).toBeNull();
  });

  it("can be a form, in which a repeated name is a list", () => {
    const form = messageWith("a=1&b=x&b=y&__proto__=z", "application/x-www-form-urlencoded");
    expect(form.failingClause(filterOf('{"body": {"a": "1", "b": ["x", "y"], "__proto__": "z"}}'))).toBeNull();
  });

  it.each(["<a/>", "", "{", "\u0000"])("whose body is %j can only be filtered by its other attributes", (body) => {
    const document = messageWith(body, "application/xml");
    expect(() => document.failingClause(filterOf('{"body": {"a": 1}}'))).toThrow(
      expect.objectContaining({ code: "not_json" }),
    );
    expect(document.failingClause(filterOf('{"eventType": "other"}'))).toBe("eventType");
  });

  it("compares integers of any size exactly", () => {
    const document = messageWith('{"id": 12345678901234567890, "half": 0.5, "big": 9007199254740993}');
    expect(document.failingClause(filterOf('{"body": {"id": 12345678901234567890}}'))).toBeNull();
    expect(document.failingClause(filterOf('{"body": {"id": 12345678901234567891}}'))).toBe("body.id");
    expect(
      document.failingClause(filterOf('{"body": {"id": {"$gt": 12345678901234567889, "$lt": 12345678901234567891}}}')),
    ).toBeNull();
    expect(document.failingClause(filterOf('{"body": {"big": {"$gt": 9007199254740992}}}'))).toBeNull();
    expect(
      document.failingClause(filterOf('{"body": {"id": {"$gt": 1}, "half": 0.5, "big": {"$in": [9007199254740993]}}}')),
    ).toBeNull();
    expect(document.failingClause(filterOf('{"body": {"half": {"$lt": 9007199254740993}}}'))).toBeNull();
  });

  it("has the last value of a repeated key", () => {
    expect(messageWith('{"a": 1, "a": 2}').failingClause(filterOf('{"body": {"a": 2}}'))).toBeNull();
  });
});

describe("saving a filter", () => {
  it.each<[string, string, string]>([
    ["[]", "", "is an object"],
    ["1", "", "is an object"],
    ['{"amount": 1}', "amount", 'under "body"'],
    ['{"$or": [{"nope": 1}]}', "nope", "begin with"],
    ['{"$eq": 1}', "$eq", "inside the key"],
    ['{"body": {"a": {"$foo": 1}}}', "body.a.$foo", "$$"],
    ['{"body": {"a": {"$gt": true}}}', "body.a.$gt", "number or a text"],
    ['{"body": {"a": {"$in": {}}}}', "body.a.$in", "list"],
    ['{"body": {"a": {"$in": [[1]]}}}', "body.a.$in", "list"],
    ['{"body": {"a": {"$startsWith": 1}}}', "body.a.$startsWith", "text"],
    ['{"body": {"a": {"$exist": "yes"}}}', "body.a.$exist", "true or false"],
    ['{"body": {"$or": []}}', "body.$or", "one or more"],
    ['{"body": {"$and": {}}}', "body.$and", "list"],
    ['{"body": {"x": [{"a": {"$regex": "("}}]}}', "body.x[0].a.$regex", "RE2"],
    ['{"body": {"a": {"$regex": "(?=a)"}}}', "body.a.$regex", "look-around"],
    ['{"body": {"a": {"$regex": 5}}}', "body.a.$regex", "text"],
    ['{"body": {"a b": {"$size": "x"}}}', 'body."a b".$size', "number"],
  ])("rejects %s at %j", (text, path, message) => {
    expect(() => filterOf(text)).toThrow(expect.objectContaining({ path, message: expect.stringContaining(message) }));
  });

  it.each([
    ["bytes", json({ body: { a: "x".repeat(MAX_FILTER_BYTES) } })],
    ["nesting", `${'{"body":'.repeat(100)}1${"}".repeat(100)}`],
    ["nesting of an operand", `{"body":{"a":{"$eq":${"[".repeat(7000)}${"]".repeat(7000)}}}}`],
    ["clauses", json({ body: Array.from({ length: 600 }, () => 1) })],
    ["regular expressions", json({ body: { a: { $regex: Array.from({ length: 21 }, () => "a") } } })],
    ["a pattern's length", json({ body: { a: { $regex: "a".repeat(1001) } } })],
    ["a pattern's repetitions", json({ body: { a: { $regex: "((a{30}){30}){1}b{900}" } } })],
    ["the repetitions of all patterns", json({ body: { a: { $regex: Array(20).fill("a?".repeat(400)) } } })],
    [
      "the Unicode classes of all patterns",
      json({ body: { a: { $regex: Array(20).fill(String.raw`\pL\pN\pP\pS`) } } }),
    ],
    ["a pattern's nested repetitions", json({ body: { a: { $regex: "((a{100}){100}){100}" } } })],
  ])("limits %s", (_what, text) => {
    expect(() => filterOf(text)).toThrow(FilterSyntaxError);
  });
});

/** `told` if the filter was evaluated, otherwise the code of the failure. Any other error is thrown. */
function outcomeOf(document: FilterDocument, filter: CompiledFilter): string {
  try {
    document.failingClause(filter);
    return "told";
  } catch (error) {
    if (error instanceof FilterError) return error.code;
    throw error;
  }
}

describe("hostile filters and payloads take bounded work:", () => {
  const many = json(Array.from({ length: 100_000 }, (_, n) => n));
  const wide = json({ $or: Array.from({ length: 400 }, (_, n) => ({ $eq: -1 - n })) });

  it.each([
    ["every clause on every item", `{"body": ${wide.replace("{", '{"$exist": true, ')}}`, many],
    ["lists in lists of clauses", json({ body: Array.from({ length: 400 }, (_, n) => `x${n}`) }), many],
    ["a pattern on a long text", json({ body: { $regex: "(a*)*(a*)*(a*)*b" } }), json("a".repeat(60_000).concat("c"))],
    [
      "the longest pattern on the longest text",
      json({ body: { $regex: "(x+x+)+y".repeat(60) } }),
      json("x".repeat(65_536)),
    ],
    ["a text beyond what is searched", json({ body: { $regex: "b" } }), json("a".repeat(100_000))],
    ["lists nested deeply", '{"body": 1}', `${"[".repeat(5000)}${"]".repeat(5000)}`],
    ["lists nested deeply, and an object", '{"body": {"a": 1}}', `${"[".repeat(5000)}${"]".repeat(5000)}`],
    [
      "nesting beyond the stack, number by number",
      '{"body": {"a": 12345678901234567890}}',
      `${"[".repeat(100_000)}${"]".repeat(100_000)}`,
    ],
  ])("%s", (_what, filter, body) => {
    // Either the budget of steps suffices, or the evaluation ends with a reason.
    const document = messageWith(body);
    expect(outcomeOf(document, filterOf(filter))).toMatch(/^(told|too_deep|too_costly)$/);
    expect(document.budget.steps).toBeGreaterThan(900_000);
  });

  it("all filters of a message share one budget", () => {
    const document = messageWith(many);
    const costly = filterOf(json({ body: Array.from({ length: 400 }, () => -1) }));
    for (let n = 0; n < 50; n++) expect(outcomeOf(document, costly)).toBe("too_costly");
    expect(document.budget.steps).toBeLessThanOrEqual(0);
    expect(() => document.failingClause(filterOf('{"eventType": "a"}'))).toThrow(FilterError);
  });
});

describe("compared with a naive evaluator", () => {
  const key = fc.constantFrom("a", "b", "__proto__", "constructor", "[0]", "[-1]", "[*]");
  const primitive = fc.constantFrom<Json[]>("a", "b", "ab", 0, 1, 2, 1.5, true, false, null, "");
  const value = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      primitive,
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(key, tie("value"), { maxKeys: 3 }),
    ),
  })).value;
  const operator = (nested: fc.Arbitrary<Json>): fc.Arbitrary<[string, Json]> => {
    const few = (...values: Json[]): fc.Arbitrary<Json> => fc.constantFrom(...values);
    const some = fc.oneof(primitive, fc.array(primitive, { maxLength: 3 }));
    const operands: Record<string, fc.Arbitrary<Json>> = {
      $eq: value,
      $neq: value,
      $gt: few(0, 1, "a"),
      $gte: few(1, "b"),
      $lt: few(2, "b"),
      $lte: few(1, "a"),
      $in: some,
      $nin: some,
      $startsWith: few("a", ["a", "b"]),
      $endsWith: few("b", ["a", "b"]),
      $exist: fc.boolean(),
      $exists: fc.boolean(),
      $regex: few("^a", "b$", ["x", "a"]),
      $any: nested,
      $every: nested,
      $none: nested,
      $size: few(0, 1, { $gt: 1 }),
      $or: fc.array(nested, { minLength: 1, maxLength: 2 }),
      $and: fc.array(nested, { minLength: 1, maxLength: 2 }),
      $not: nested,
      a: nested,
    };
    return fc.oneof(...Object.entries(operands).map(([name, operand]) => fc.tuple(fc.constant(name), operand)));
  };
  const filter = fc.letrec<{ filter: Json; members: Json }>((tie) => ({
    filter: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      primitive,
      fc.array(tie("filter"), { maxLength: 2 }),
      tie("members"),
      fc
        .uniqueArray(operator(tie("filter")), { selector: ([name]) => name, maxLength: 3 })
        .map((members) => Object.fromEntries(members) as Json),
    ),
    members: fc.dictionary(fc.oneof(key, fc.constant("$$a")), tie("filter"), { maxKeys: 3 }),
  }));
  const root = fc.oneof(
    filter.members,
    fc.record(
      { $or: fc.array(filter.members, { minLength: 1, maxLength: 3 }), a: filter.filter },
      { requiredKeys: [] },
    ),
    fc.record(
      { $and: fc.array(filter.members, { minLength: 1, maxLength: 3 }), $not: filter.members },
      { requiredKeys: [] },
    ),
  );
  const document = fc.dictionary(key, value, { maxKeys: 4 });

  it("every filter gives the same result for every document", () => {
    fc.assert(
      fc.property(root, document, (wanted, found) => {
        // Parsed from text as in production, so that `__proto__` is an ordinary member.
        const parsed = JSON.parse(json(found)) as Record<string, Json>;
        const clause = compileFilter(json(wanted)).failingClause(parsed);
        expect(clause === null).toBe(naive(JSON.parse(json(wanted)) as Json, parsed));
      }),
      { numRuns: 5000 },
    );
  });

  it("$not inverts every result", () => {
    fc.assert(
      fc.property(root, document, (wanted, found) => {
        const parsed = JSON.parse(json(found)) as object;
        const plain = compileFilter(json(wanted)).failingClause(parsed);
        const turned = compileFilter(`{"$not":${json(wanted)}}`).failingClause(parsed);
        expect(turned === null).toBe(plain !== null);
      }),
    );
  });
});

describe("the preview of a value", () => {
  it("is JSON with every digit, truncated when it is long", () => {
    expect(preview({ a: 12345678901234567890n, b: "x" })).toBe('{"a":12345678901234567890,"b":"x"}');
    expect(preview(12345678901234567890n)).toBe("12345678901234567890");
    expect(preview("x".repeat(500), 10)).toBe('"xxxxxxxxx…');
    expect(preview("x".repeat(8), 10)).toBe('"xxxxxxxx"');
    expect(preview([1, [true, null], {}, { a: [] }])).toBe('[1,[true,null],{},{"a":[]}]');
  });
});
