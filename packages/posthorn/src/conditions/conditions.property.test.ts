import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluate } from "./evaluate.ts";
import { compileRule } from "./parse.ts";
import { RuleError } from "./problem.ts";
import { readingsOf } from "./readings.ts";
import type { ConditionJson, RuleJson } from "./schema.ts";
import { serialise } from "./state.ts";
import { KeyRun, MINUTE } from "../../test/support/key-run.ts";

const duration = fc.constantFrom("30s", "1m", "5m", "10m", "1h");
const number = fc.integer({ min: -20, max: 20 });
const bounds = fc.oneof(
  fc.record({ above: number }),
  fc.record({ below: number }),
  fc.tuple(number, number).map(([a, b]) => ({ between: [Math.min(a, b), Math.max(a, b)] as const })),
  fc.tuple(number, number).map(([a, b]) => ({ outside: [Math.min(a, b), Math.max(a, b)] as const })),
);
const by = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom("5%", "50%"));
const trend = fc.record({ by, within: duration });
const aggregate = fc.tuple(bounds, duration).map(([bound, over]) => ({ ...bound, over }));
const leaf: fc.Arbitrary<ConditionJson> = fc.oneof(
  bounds,
  fc.record({ is: number }),
  fc.record({ matches: fc.constantFrom("1", "^-", "x") }),
  fc.record({ rises: trend }),
  fc.record({ falls: trend }),
  fc.record({ silent: duration }),
  fc.record({ filter: fc.constant({ body: 3 }) }),
  ...(["count", "sum", "avg", "min", "max"] as const).map((name) => aggregate.map((value) => ({ [name]: value }))),
);
const { condition } = fc.letrec<{ condition: ConditionJson }>((tie) => ({
  condition: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.record({ all: fc.array(tie("condition"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ any: fc.array(tie("condition"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ not: tie("condition") }),
  ),
}));
const change: fc.Arbitrary<RuleJson> = fc
  .oneof(
    fc.constant({ changed: true as const }),
    fc.record({ changed: fc.record({ by }) }),
    fc.record({ changed: fc.record({ to: number }) }),
  )
  .map((when) => ({ when }));
const phased: fc.Arbitrary<RuleJson> = fc.record(
  { when: condition, for: duration, until: condition, hold: duration, remind: duration, forget: fc.constant("1d") },
  { requiredKeys: ["when"] },
);
const rule = fc.oneof({ weight: 4, arbitrary: phased }, { weight: 1, arbitrary: change }).filter((json) => {
  try {
    return compileRule(json) !== null;
  } catch (error) {
    return !(error instanceof RuleError);
  }
});
const value = fc.oneof(
  { weight: 6, arbitrary: number },
  { weight: 1, arbitrary: fc.constantFrom("n/a", "12", null, undefined, { a: 1 }, [1], true) },
);
const event = fc.record({ value, isTick: fc.boolean(), ms: fc.integer({ min: 0, max: 10 * MINUTE }) });
const events = fc.array(event, { maxLength: 40 });

interface Event {
  readonly value: unknown;
  readonly isTick: boolean;
  readonly ms: number;
}

function run(
  json: RuleJson,
  steps: readonly Event[],
  after: (run: KeyRun, index: number) => void = () => undefined,
): KeyRun {
  const key = new KeyRun(json);
  let now = 0;
  steps.forEach((step, index) => {
    now += step.ms;
    if (step.isTick) key.tick(now);
    else key.sample(step.value, now);
    after(key, index);
  });
  return key;
}

describe("a run of any rule over any samples", () => {
  it("reports the same when its state is stored and restored after any step", () => {
    fc.assert(
      fc.property(rule, events, fc.array(fc.nat(39)), (json, steps, cuts) => {
        const undisturbed = run(json, steps);
        const restarted = run(json, steps, (key, index) => {
          if (cuts.includes(index)) key.restart();
        });
        expect(restarted.transitions).toEqual(undisturbed.transitions);
        expect(serialise(restarted.state)).toBe(serialise(undisturbed.state));
      }),
      { numRuns: 500 },
    );
  });

  it("reports the same whether timers fire when they are due or later, except for reminders", () => {
    fc.assert(
      fc.property(rule, events, (json, steps) => {
        const { remind: _without, ...quiet } = json;
        const late = run(
          quiet,
          steps.filter(({ isTick }) => !isTick).map((step) => step),
        );
        let now = 0;
        const prompt = new KeyRun(quiet);
        for (const step of steps.filter(({ isTick }) => !isTick)) {
          for (let ms = 0; ms < step.ms; ms += 20_000) prompt.tick(now + ms);
          now += step.ms;
          prompt.sample(step.value, now);
        }
        expect(prompt.transitions).toEqual(late.transitions);
      }),
      { numRuns: 300 },
    );
  });

  it("numbers its transitions without gaps, and alternates between raised and cleared", () => {
    fc.assert(
      fc.property(rule, events, (json, steps) => {
        let isForgotten = false;
        const key = run(json, steps, (current) => (isForgotten ||= current.isForgotten));
        if (isForgotten) return;
        expect(key.transitions.map(({ number: n }) => n)).toEqual(key.transitions.map((_, index) => index + 1));
        const edges = key.transitions.filter(({ kind }) => kind === "raised" || kind === "cleared");
        expect(edges.map(({ kind }) => kind)).toEqual(
          edges.map((_, index) => (index % 2 === 0 ? "raised" : "cleared")),
        );
        for (const [index, { at }] of key.transitions.entries()) {
          expect(at).toBeGreaterThanOrEqual(key.transitions[index - 1]?.at ?? 0);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("keeps a state of bounded size", () => {
    fc.assert(
      fc.property(rule, events, (json, steps) => {
        run(json, steps, (key) => {
          expect(serialise(key.state).length).toBeLessThan(12_000);
          for (const window of key.state.windows) expect(window.length).toBeLessThanOrEqual(60);
        });
      }),
      { numRuns: 200 },
    );
  });
});

describe("any JSON", () => {
  it("is a rule, or is rejected with a location", () => {
    const words = fc.constantFrom(
      "when",
      "above",
      "all",
      "not",
      "changed",
      "silent",
      "count",
      "over",
      "until",
      "filter",
      "read",
      "value",
    );
    const { json } = fc.letrec<{ json: unknown }>((tie) => ({
      json: fc.oneof(
        { depthSize: "medium" },
        fc.jsonValue(),
        number,
        duration,
        fc.array(tie("json"), { maxLength: 3 }),
        fc.dictionary(words, tie("json"), { maxKeys: 3 }),
      ),
    }));
    fc.assert(
      fc.property(json, json, (when, more) => {
        const candidate = { ...(typeof more === "object" ? more : {}), when } as RuleJson;
        expect(() => evaluated(candidate)).not.toThrow();
      }),
      { numRuns: 2000 },
    );
  });

  it("and any bytes are a message from which readings can be taken", () => {
    const compiled = compileRule({
      read: { items: "$..a", value: "$.b", key: "$.c", time: "$.d" },
      when: { any: [{ above: 1 }, { filter: { body: { a: 1 } } }] },
    });
    const bytes = fc.oneof(
      fc.uint8Array(),
      fc.json().map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(bytes, (body) => {
        const { readings } = readingsOf(compiled, { body, contentType: "application/json", facts: {} });
        expect(readings.length).toBeLessThanOrEqual(1000);
      }),
      { numRuns: 500 },
    );
  });
});

/** Evaluates a rule on a new key, unless it is rejected with a message. */
function evaluated(candidate: RuleJson): void {
  try {
    const { rule: compiled, state } = new KeyRun(candidate);
    evaluate(compiled.when, compiled, state, { now: 1, upSince: 0 });
  } catch (error) {
    if (!(error instanceof RuleError) || error.message === "") throw error;
  }
}
