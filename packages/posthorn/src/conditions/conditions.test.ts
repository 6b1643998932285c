import { describe, expect, it } from "vitest";
import { compileRule } from "./parse.ts";
import { readingsOf } from "./readings.ts";
import { RuleError } from "./problem.ts";
import type { RuleJson } from "./schema.ts";
import { deserialise, serialise } from "./state.ts";
import { dueAt } from "./step.ts";
import { KeyRun, MINUTE } from "../../test/support/key-run.ts";

/** Runs samples, one each minute, and returns the transitions as `kind@minute`. */
function told(rule: RuleJson, values: readonly unknown[], ticks = 0): readonly string[] {
  const run = new KeyRun(rule);
  values.forEach((value, index) => run.sample(value, index * MINUTE));
  if (ticks > 0) run.tick((values.length - 1 + ticks) * MINUTE);
  return run.told();
}

describe("a threshold", () => {
  it("is reported when it is crossed, and when the value is back", () => {
    expect(told({ when: { above: 80 } }, [70, 81, 90, 80, 85])).toEqual(["raised@1", "cleared@3", "raised@4"]);
    expect(told({ when: { below: 5 } }, [5, 4, 6])).toEqual(["raised@1", "cleared@2"]);
    expect(told({ when: { between: [1, 3] } }, [0, 1, 3, 4])).toEqual(["raised@1", "cleared@3"]);
    expect(told({ when: { outside: [1, 3] } }, [1, 0.9, 3, 3.1])).toEqual(["raised@1", "cleared@2", "raised@3"]);
  });

  it("can be crossed by the first sample", () => {
    expect(told({ when: { above: 80 } }, [81])).toEqual(["raised@0"]);
  });

  it("stays raised until the other threshold with `until`", () => {
    expect(told({ when: { above: -12 }, until: { below: -15 } }, [-11, -13, -14, -11, -16])).toEqual([
      "raised@0",
      "cleared@4",
    ]);
  });

  it("must hold for a time with `for`, and a spike in between is ignored", () => {
    const rule: RuleJson = { when: { above: 80 }, for: "5m" };
    expect(told(rule, [90, 90, 70, 90], 4)).toEqual([]);
    expect(told(rule, [90, 90, 70, 90], 5)).toEqual(["raised@8"]);
    expect(told(rule, [90, 90, 90, 90, 90, 90, 90])).toEqual(["raised@5"]);
  });

  it("must hold for samples in succession with `times`", () => {
    expect(told({ when: { above: 80 }, times: 3 }, [90, 90, 70, 90, 90, 90])).toEqual(["raised@5"]);
  });

  it("is cleared after `hold` without a relapse", () => {
    const rule: RuleJson = { when: { above: 80 }, hold: "10m" };
    expect(told(rule, [90, 70, 90, 70], 9)).toEqual(["raised@0"]);
    expect(told(rule, [90, 70, 90, 70], 10)).toEqual(["raised@0", "cleared@13"]);
  });

  it("is reported again with `remind`, and once for reminders that were missed", () => {
    const run = new KeyRun({ when: { above: 80 }, remind: "10m" });
    run.sample(90, 0);
    run.tick(10 * MINUTE);
    run.tick(95 * MINUTE);
    run.tick(100 * MINUTE);
    expect(run.told()).toEqual(["raised@0", "reminded@10", "reminded@20", "reminded@100"]);
  });

  it("reads numbers in texts, and treats any other text as unreadable", () => {
    const run = new KeyRun({ when: { above: 80 } });
    for (const value of ["81.5", "n/a", undefined, null, { t: 3 }, "1e999", "0x10"]) run.sample(value, MINUTE);
    expect(run.told()).toEqual(["raised@1"]);
    expect(run.state).toMatchObject({ unreadable: 6, phase: "raised" });
  });
});

describe("silence", () => {
  it("is measured from the creation of the watch, and again after each sample", () => {
    const run = new KeyRun({ when: { silent: "15m" } });
    run.tick(14 * MINUTE);
    run.tick(15 * MINUTE);
    run.sample(true, 20 * MINUTE);
    run.tick(36 * MINUTE);
    expect(run.told()).toEqual(["raised@15", "cleared@20", "raised@35"]);
  });

  it("does not count time in which the server was not receiving", () => {
    const run = new KeyRun({ when: { silent: "15m" } });
    run.sample(true, 0);
    run.upSince = 60 * MINUTE;
    run.tick(61 * MINUTE);
    expect(run.told()).toEqual([]);
    run.tick(75 * MINUTE);
    expect(run.told()).toEqual(["raised@75"]);
  });

  it("is not ended by a sample that cannot be read", () => {
    const run = new KeyRun({ read: { value: "$.t" }, when: { any: [{ above: 80 }, { silent: "15m" }] } });
    run.sample(20, 0);
    run.sample("n/a", 10 * MINUTE);
    run.tick(16 * MINUTE);
    expect(run.told()).toEqual(["raised@15"]);
  });
});

describe("a change", () => {
  it("is reported with each new value, but not for the first one", () => {
    expect(told({ when: { changed: true } }, ["a", "a", "b", "b", "a"])).toEqual(["changed@2", "changed@4"]);
  });

  it("ignores the order of members", () => {
    expect(
      told({ when: { changed: true } }, [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ]),
    ).toEqual([]);
  });

  it("can be limited to values before and after", () => {
    const rule: RuleJson = { when: { changed: { from: "closed", to: ["open", "ajar"] } } };
    expect(told(rule, ["closed", "open", "shut", "open", "closed", "ajar"])).toEqual(["changed@1", "changed@5"]);
  });

  it("by an amount is measured from the value that was last reported, so that a slow drift is noticed", () => {
    const run = new KeyRun({ when: { changed: { by: "5%" } } });
    for (const [minute, value] of [100, 103, 104.9, 105.1, 106].entries()) run.sample(value, minute * MINUTE);
    expect(run.told()).toEqual(["changed@3"]);
    expect(run.transitions[0]).toMatchObject({ previous: 100, value: 105.1, number: 1 });
  });

  it("is reported only while the other conditions hold", () => {
    const rule: RuleJson = { when: { all: [{ changed: true }, { above: 10 }] } };
    expect(told(rule, [1, 2, 11, 12, 3])).toEqual(["changed@2", "changed@3"]);
  });

  it("remembers long values by their hash", () => {
    const text = "x".repeat(10_000);
    const run = new KeyRun({ when: { changed: true } });
    for (const value of [text, text, `${text}y`]) run.sample(value, 0);
    expect(run.told()).toEqual(["changed@0"]);
    expect(serialise(run.state).length).toBeLessThan(1000);
  });
});

describe("a rate of change", () => {
  it("is the difference from the lowest or highest value within the time", () => {
    expect(told({ when: { falls: { by: 10, within: "10m" } } }, [100, 96, 95, 90])).toEqual(["raised@3"]);
    expect(told({ when: { rises: { by: "50%", within: "10m" } } }, [10, 12, 15])).toEqual(["raised@2"]);
    const slowly = Array.from({ length: 40 }, (_, index) => 100 - index / 2);
    expect(told({ when: { falls: { by: 10, within: "10m" } } }, slowly)).toEqual([]);
  });
});

describe("an aggregate", () => {
  it("counts samples in a window, and is cleared when they have left it", () => {
    const run = new KeyRun({ when: { count: { over: "10m", above: 2 } } });
    for (const minute of [0, 1, 2]) run.sample(true, minute * MINUTE);
    run.tick(30 * MINUTE);
    const [raised, cleared] = run.transitions;
    expect(raised).toMatchObject({ kind: "raised", at: 2 * MINUTE });
    expect(cleared).toMatchObject({ kind: "cleared" });
    expect(cleared!.at).toBeGreaterThan(10 * MINUTE);
    expect(cleared!.at).toBeLessThanOrEqual(10.5 * MINUTE);
  });

  it("below a count is not true until the window has been observed completely", () => {
    const run = new KeyRun({ when: { count: { over: "10m", below: 2 } } });
    run.sample(true, MINUTE);
    run.tick(9 * MINUTE);
    expect(run.told()).toEqual([]);
    run.tick(30 * MINUTE);
    expect(run.told()).toEqual(["raised@10"]);
  });

  it("is the sum, average, smallest or largest value", () => {
    expect(told({ when: { sum: { over: "1h", above: 10 } } }, [5, 5, 1])).toEqual(["raised@2"]);
    expect(told({ when: { avg: { over: "1h", above: 10 } } }, [8, 11, 20])).toEqual(["raised@2"]);
    expect(told({ when: { min: { over: "1h", below: 3 } } }, [5, 2, 9])).toEqual(["raised@1"]);
    expect(told({ when: { max: { over: "1h", above: 9 } } }, [9, 10, 1])).toEqual(["raised@1"]);
  });

  it("keeps at most 60 buckets, however many samples there are", () => {
    const run = new KeyRun({ when: { avg: { over: "1m", above: 1e9 } } });
    for (let second = 0; second < 900; second++) {
      run.sample(second, second * 997);
      expect(run.state.windows[0]!.length).toBeLessThanOrEqual(60);
    }
  });
});

describe("combined conditions", () => {
  it("hold in three-valued logic", () => {
    expect(told({ when: { all: [{ above: 1 }, { is: [2, 3] }] } }, [2, 3, 4])).toEqual(["raised@0", "cleared@2"]);
    expect(told({ when: { any: [{ below: 1 }, { matches: "^err" }] } }, [2, "error 5", "2"])).toEqual([
      "raised@1",
      "cleared@2",
    ]);
    expect(told({ when: { not: { is: 200 } }, times: 2 }, [200, 500, "503"])).toEqual(["raised@2"]);
  });
});

describe("a key", () => {
  it("is deleted when it is idle, and is cleared first", () => {
    const run = new KeyRun({ when: { above: 1 }, forget: "1h" });
    run.sample(2, 0);
    run.tick(60 * MINUTE);
    expect(run.told()).toEqual(["raised@0", "cleared@60"]);
    expect(run.transitions[1]).toMatchObject({ reason: "forgotten" });
    expect(run.isForgotten).toBe(true);
  });

  it("ignores samples that are older than one before", () => {
    const run = new KeyRun({ read: { value: "$.v", time: "$.at" }, when: { above: 1 } });
    run.sample(2, 5 * MINUTE, 1000);
    run.sample(0, 6 * MINUTE, 900);
    expect(run.told()).toEqual(["raised@5"]);
    expect(run.state.unreadable).toBe(1);
  });

  it("has a time that does not decrease when the clock is set back", () => {
    const run = new KeyRun({ when: { above: 1 }, for: "5m" });
    run.sample(2, 60 * MINUTE);
    run.sample(2, 10 * MINUTE);
    expect(run.state.at).toBe(60 * MINUTE);
    run.tick(65 * MINUTE);
    expect(run.told()).toEqual(["raised@65"]);
  });

  it("stays raised under a new rule, which then clears it", () => {
    const run = new KeyRun({ when: { above: 1 } });
    run.sample(2, 0);
    run.change({ when: { above: 5 }, for: "1m" });
    run.sample(4, MINUTE);
    expect(run.told()).toEqual(["raised@0", "cleared@1"]);
    run.change({ when: { changed: true } });
    run.sample(9, 2 * MINUTE);
    run.sample(10, 3 * MINUTE);
    expect(run.told().slice(2)).toEqual(["changed@2", "changed@3"]);
  });

  it("has a state of bounded size that is the same after it was stored", () => {
    const window = (name: string) => ({ [name]: { over: "1h", above: 1e9 } });
    const run = new KeyRun({ when: { any: [window("avg"), window("sum"), window("min"), window("max")] } });
    for (let minute = 0; minute < 600; minute++) run.sample(Math.sin(minute) * 1e5, minute * MINUTE);
    const text = serialise(run.state);
    expect(text.length).toBeLessThan(12_000);
    expect(deserialise(text)).toEqual(run.state);
    expect(dueAt(run.rule, run.state, 0)).not.toBeNull();
  });
});

describe("readings", () => {
  const message = (body: string, more: object = {}) => ({
    body: Buffer.from(body),
    contentType: "application/json",
    facts: {
      eventType: "plant.temperature",
      headers: { "mqtt-topic": "plant/freezer-1/temp", etag: '"7"' },
      ...more,
    },
  });
  const read = (json: RuleJson["read"], body: string) =>
    readingsOf(compileRule({ read: json!, when: { above: 1 } }), message(body));

  it("come from the body, headers, topics and event types", () => {
    expect(read({ value: "$.t", key: "topic:1" }, '{"t": 3}').readings).toEqual([
      { key: "freezer-1", value: 3, time: null },
    ]);
    expect(read({ value: "body", key: "header:ETag" }, "21.5").readings).toEqual([
      { key: '"7"', value: 21.5, time: null },
    ]);
    expect(read({ value: "body", key: "eventType" }, "warm").readings).toEqual([
      { key: "plant.temperature", value: "warm", time: null },
    ]);
  });

  it("take the segments of a topic as the broker separates them", () => {
    const second = (headers: object) => {
      const rule = compileRule({ read: { value: "$.t", key: "topic:1" }, when: { above: 1 } });
      return readingsOf(rule, message('{"t": 3}', { headers })).readings.map(({ key }) => key);
    };
    expect(second({ "nats-subject": "plant.boiler.t" })).toEqual(["boiler"]);
    expect(second({ "kafka-topic": "plant.boiler" })).toEqual(["boiler"]);
    expect(second({ "amqp-routing-key": "plant.boiler" })).toEqual(["boiler"]);
    expect(second({ "mqtt-topic": "/plant.v1/boiler" })).toEqual(["plant.v1"]);
    expect(second({})).toEqual([]);
  });

  it("are one for each pair of keys and values", () => {
    const { readings } = read({ value: "$[*].qty", key: "$[*].sku" }, '[{"sku": "a", "qty": 1}, {"sku": 7, "qty": 2}]');
    expect(readings).toEqual([
      { key: "a", value: 1, time: null },
      { key: "7", value: 2, time: null },
    ]);
  });

  it("without one value per key have no value", () => {
    const { readings } = read({ value: "$[*].qty", key: "$[*].sku" }, '[{"sku": "a"}, {"sku": "b", "qty": 2}]');
    expect(readings.map(({ value }) => value)).toEqual([undefined, undefined]);
  });

  it("of an item belong to that item", () => {
    const { readings, unusable } = read(
      { items: "$.list[*]", value: "$.qty", key: "$.sku", time: "$.at" },
      '{"list": [{"sku": "a", "at": 1700000000}, {"qty": 2}, {"sku": "c", "qty": 2, "at": "2026-01-01T00:00:00Z"}]}',
    );
    expect(readings).toEqual([
      { key: "a", value: undefined, time: 1_700_000_000_000 },
      { key: "c", value: 2, time: Date.parse("2026-01-01T00:00:00Z") },
    ]);
    expect(unusable).toBe(1);
  });

  it("of a body that cannot be parsed have no value", () => {
    expect(read({ value: "$.t" }, "{").readings).toEqual([{ key: "", value: undefined, time: null }]);
  });

  it("with a key of control characters or too many are not used", () => {
    expect(read({ value: "$.t", key: "$.k" }, '{"t": 1, "k": "a\\u0000"}')).toMatchObject({
      readings: [],
      unusable: 1,
    });
    const many = JSON.stringify(Array.from({ length: 1500 }, (_, k) => ({ k, v: 1 })));
    expect(read({ items: "$[*]", value: "$.v", key: "$.k" }, many)).toMatchObject({ unusable: 500 });
  });
});

describe("an invalid rule", () => {
  const wrong: readonly (readonly [unknown, string, RegExp])[] = [
    [{}, "when", /needs a condition/],
    [{ when: {} }, "when", /is empty/],
    [{ when: { abov: 3 } }, "when.abov", /Did you mean `above`\?/],
    [{ whn: { above: 3 } }, "whn", /Did you mean `when`\?/],
    [{ when: { above: "80" } }, "when.above", /without quotes/],
    [{ when: { above: 1, below: 3 } }, "when", /Combine conditions/],
    [{ when: { between: [3, 1] } }, "when.between", /\[1, 3\]/],
    [{ when: { all: [{ above: 1 }, { silent: "soon" }] } }, "when.all.1.silent", /"15m"/],
    [{ when: { silent: "400d" } }, "when.silent", /366d/],
    [{ when: { matches: "(?=x)" } }, "when.matches", /RE2/],
    [{ when: { filter: { body: { a: { $foo: 1 } } } } }, "when.filter.body.a.$foo", /no operator/],
    [{ when: { changed: true }, for: "5m" }, "for", /does not apply/],
    [{ when: { not: { changed: true } } }, "when", /stands alone/],
    [{ when: { changed: { by: "five" } } }, "when.changed.by", /"5%"/],
    [{ when: { count: { over: "5m" } } }, "when.count", /Compare it/],
    [{ when: { silent: "1h" }, times: 2 }, "times", /Use `for`/],
    [{ when: { silent: "1h" }, expect: ["a"] }, "expect", /read.key/],
    [{ when: { silent: "60d" } }, "forget", /longer/],
    [{ when: { above: 80 }, until: { below: 90 } }, "until", /Leave a gap/],
    [{ read: { value: "t" }, when: { above: 1 } }, "read.value", /JSONPath/],
    [{ read: { value: "$[?@.a]" }, when: { above: 1 } }, "read.value", /Filters/],
    [{ read: { vlue: "$" }, when: { above: 1 } }, "read.vlue", /Did you mean `value`/],
    [{ when: { above: 1 }, maxKeys: 0 }, "maxKeys", /100000/],
  ];

  it.each(wrong)("%j is rejected with its location and a hint", (rule, path, message) => {
    const error = catching(() => compileRule(rule as RuleJson));
    expect(error.path.join(".")).toBe(path);
    expect(error.message).toMatch(message);
  });

  it("has a limit on depth, conditions, windows and expressions", () => {
    const deep = Array.from({ length: 12 }).reduce<object>((inner) => ({ not: inner }), { above: 1 });
    expect(() => compileRule({ when: deep })).toThrow(/nested/);
    expect(() => compileRule({ when: { any: Array.from({ length: 40 }, () => ({ above: 1 })) } })).toThrow(
      /32 conditions/,
    );
    expect(() =>
      compileRule({ when: { any: Array.from({ length: 5 }, () => ({ avg: { over: "1m", above: 1 } })) } }),
    ).toThrow(/4 windows/);
    expect(() => compileRule({ when: { any: Array.from({ length: 6 }, () => ({ matches: "a" })) } })).toThrow(
      /5 regular/,
    );
  });
});

function catching(work: () => unknown): RuleError {
  try {
    work();
  } catch (error) {
    if (error instanceof RuleError) return error;
    throw error;
  }
  throw new Error("It was accepted.");
}

describe("the state of a key", () => {
  const bytesOf = (rule: RuleJson, values: readonly unknown[]): number => {
    const run = new KeyRun(rule);
    // Realistic numbers for bucket positions, and one sample in each bucket of a window of one hour.
    const start = Date.UTC(2026, 10, 28);
    values.forEach((value, index) => run.sample(value, start + index * MINUTE));
    return Buffer.byteLength(serialise(run.state));
  };
  const readings = Array.from({ length: 200 }, (_, index) => 1_234_567.890_123 + index / 7);

  it("has at most 300 bytes without windows, however many samples it has seen", () => {
    expect(bytesOf({ when: { above: 80 } }, readings)).toBeLessThanOrEqual(300);
    expect(
      bytesOf({ when: { all: [{ above: 80 }, { not: { silent: "1h" } }] }, for: "1m" }, readings),
    ).toBeLessThanOrEqual(300);
    // Long values are remembered by their hash.
    expect(
      bytesOf(
        { when: { changed: true } },
        readings.map((n) => `${n} ${"x".repeat(10_000)}`),
      ),
    ).toBeLessThanOrEqual(1000);
  });

  it("has at most 9 KiB with the most windows that a rule may have, and all of their buckets full", () => {
    const all = (["avg", "sum", "min", "max"] as const).map((name) => ({ [name]: { over: "1h", above: 1 } }));
    const bytes = bytesOf({ when: { all } }, readings);
    expect(bytes).toBeGreaterThan(4 * 1024);
    expect(bytes).toBeLessThanOrEqual(9 * 1024);
    expect(bytesOf({ when: { all } }, [...readings, ...readings])).toBeLessThanOrEqual(bytes + 100);
  });
});
