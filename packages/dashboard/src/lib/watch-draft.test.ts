import { describe, expect, it } from "vitest";
import { EMPTY_RULE, fromRule, isComplete, toRule, type WatchRule } from "./watch-draft.ts";
import { faultsUnder, ruleFaults } from "./rule-faults.ts";
import { newCondition, numberOf, withKind } from "./condition-draft.ts";
import { scalarsOf, scalarsText } from "./scalars.ts";

const RULES: readonly WatchRule[] = [
  { when: { above: 30 } },
  {
    read: { value: "$.t", key: "$.device", items: "$.sensors[*]", time: "$.at" },
    when: {
      all: [{ below: -1.5 }, { not: { is: ["open", "5", 5, true, null] } }, { any: [{ matches: "^ERR, \\d" }] }],
    },
    until: { between: [1, 2] },
    for: "5m",
    times: 3,
    hold: "10m",
    remind: "1d",
    forget: "2w",
    expect: ["a", "b"],
    maxKeys: 50,
  },
  { when: { changed: true } },
  { when: { changed: { from: "closed", to: ["open", "ajar"] } } },
  { when: { changed: { by: "5%" } } },
  { when: { rises: { by: 10, within: "10m" } } },
  { when: { silent: "15m" } },
  { when: { filter: { body: { line: "A" } } as never } },
  { when: { count: { over: "5m", above: 100 } } },
  { when: { avg: { over: "1h", outside: [1, 9] } } },
];

describe("the form of a rule", () => {
  it.each(RULES.map((rule) => [JSON.stringify(rule), rule] as const))(
    "shows %s and returns the same rule",
    (_, rule) => {
      const draft = fromRule(rule)!;
      expect(toRule(draft)).toEqual(rule);
      expect(isComplete(draft)).toBe(true);
    },
  );

  it("does not show a rule with parts that it does not know", () => {
    expect(fromRule({ when: { above: 1, below: 2 } })).toBeNull();
    expect(fromRule({ when: { louder: 1 } })).toBeNull();
    expect(fromRule({ when: { above: 1 }, later: true })).toBeNull();
  });

  it("is complete when each condition has the values that it needs", () => {
    expect(isComplete(EMPTY_RULE)).toBe(false);
    expect(isComplete({ ...EMPTY_RULE, when: newCondition("all") })).toBe(false);
    expect(isComplete({ ...EMPTY_RULE, when: newCondition("changed") })).toBe(true);
    expect(isComplete({ ...EMPTY_RULE, until: newCondition("below"), when: newCondition("changed") })).toBe(false);
  });

  it("keeps what was entered when the kind of a condition changes", () => {
    const above = newCondition("above", { value: "3" });
    expect(toRule({ ...EMPTY_RULE, when: withKind(above, "below") })).toEqual({ when: { below: 3 } });
    const group = withKind(above, "any");
    expect(toRule({ ...EMPTY_RULE, when: group })).toEqual({ when: { any: [{ above: 3 }] } });
    expect(toRule({ ...EMPTY_RULE, when: withKind(group, "below") })).toEqual({ when: { below: 3 } });
  });
});

describe("values in a list", () => {
  it.each([
    ["open", "open"],
    ["200, 204", [200, 204]],
    ['"200", true', ["200", true]],
    ['"a, b", c', ["a, b", "c"]],
    ["a,", "a"],
  ])("are read from %s", (text, expected) => expect(scalarsOf(text)).toEqual(expected));

  it.each([[["a, b", "5", " x"]], [[5, null, "true"]], ['say "hi"']])(
    "are written so that %j is read again",
    (values) => expect(scalarsOf(scalarsText(values))).toEqual(values),
  );
});

it("numbers can have a decimal comma, and other text is kept for the server to report", () => {
  expect(["1,5", "-2.25", "12 %", ""].map(numberOf)).toEqual([1.5, -2.25, "12 %", ""]);
});

it("errors of a request are found at their location in the rule", () => {
  const faults = ruleFaults([
    { loc: ["body", "rule", "when", "all", "0", "above"], msg: "A number." },
    { loc: ["body", "name"], msg: "Required." },
    { loc: ["body", "rule", "when", "all", "[2]", "below"], msg: "A number." },
  ]);
  expect(faults).toHaveLength(2);
  expect(faultsUnder(faults, ["when", "all", "2", "below"])).toHaveLength(1);
  expect(faultsUnder(faults, ["when", "all", "0"])).toHaveLength(1);
  expect(faultsUnder(faults, ["when", "all", "1"])).toHaveLength(0);
});
