import { describe, expect, it } from "vitest";
import { currentSchema, type Entry, foldSamples, LEARNING_SAMPLES, MAX_CHANGES, NOTHING_KNOWN } from "./entry.ts";
import type { Change } from "./schema-change.ts";
import { toJsonSchema } from "./json-schema.ts";
import { inferSchema } from "./inferred-schema.ts";

const DAY = 86_400_000;

/** Learns from samples one by one, a minute apart, and collects the changes found. */
class Learner {
  entry: Entry = NOTHING_KNOWN;
  now = Date.UTC(2026, 0, 1);
  readonly found: Change[] = [];

  take(count: number, sample: (index: number) => unknown): this {
    for (let index = 0; index < count; index++) {
      this.now += 60_000;
      const { entry, found } = foldSamples(this.entry, inferSchema(sample(index), this.now), this.now);
      this.entry = entry;
      this.found.push(...found);
    }
    return this;
  }

  get reported(): readonly string[] {
    return this.found.map(({ kind, path, before, after }) => `${kind} ${path}: ${before} → ${after}`);
  }
}

const plain = (index: number): object => ({ id: `x${index}`, amount: index, customer: { name: "a" } });
const learned = (): Learner => new Learner().take(LEARNING_SAMPLES, plain);

describe("a schema change", () => {
  it("is not reported while samples are similar, nor while the first ones are learned", () => {
    const learner = new Learner()
      .take(10, plain)
      .take(10, () => ({ other: true }))
      .take(500, plain);
    expect(learner.reported.filter((line) => !line.includes("other"))).toEqual([]);
    expect(learned().take(2000, plain).reported).toEqual([]);
  });

  it("is reported once for a new field, with the times when it was first and last seen", () => {
    const learner = learned();
    const since = learner.now + 60_000;
    learner.take(500, (index) => ({ ...plain(index), customer: { name: "a", vat: "DE1" } }));
    expect(learner.reported).toEqual(["field_added customer.vat: null → string"]);
    expect(learner.found[0]).toMatchObject({ breaking: false, firstSeen: since });
    expect(learner.entry.changes).toHaveLength(1);
    expect(learner.entry.changes[0]!.lastSeen).toBeGreaterThan(since);
  });

  it("is reported for a removed field once this is unlikely to be chance, and again when the field returns", () => {
    const learner = learned().take(2, () => ({ id: "x", amount: 1 }));
    expect(learner.reported.filter((line) => line.startsWith("field_removed"))).toEqual([]);
    learner.take(300, () => ({ id: "x", amount: 1 }));
    expect(learner.reported).toEqual(["field_removed customer: object → null"]);
    expect(toJsonSchema("t", currentSchema(learner.entry)!)).not.toHaveProperty("properties.customer");
    learner.take(1, plain);
    expect(learner.reported.at(-1)).toBe("field_added customer: null → object");
  });

  it("is not reported when a rare field happens to be missing", () => {
    const seldom = (index: number): object => (index % 10 === 0 ? { ...plain(index), note: "n" } : plain(index));
    const learner = new Learner().take(LEARNING_SAMPLES, seldom).take(9, (index) => seldom(index + 1));
    expect(learner.reported).toEqual([]);
  });

  it("is reported for a changed type, including integers that become fractions, but not the reverse", () => {
    const learner = learned().take(1, (index) => ({ ...plain(index), amount: "12.00" }));
    expect(learner.reported).toEqual(["type_changed amount: integer → string"]);
    expect(learner.found[0]!.breaking).toBe(true);
    expect(learned().take(5, (index) => ({ ...plain(index), amount: 1.5 })).reported).toEqual([
      "type_changed amount: integer → number",
    ]);
    const fractions = new Learner().take(LEARNING_SAMPLES, (index) => ({ amount: index + 0.5 }));
    expect(fractions.take(50, () => ({ amount: 1 })).reported).toEqual([]);
  });

  it("is not breaking for a field that was always null or an array that was always empty", () => {
    const learner = new Learner().take(LEARNING_SAMPLES, () => ({ note: null, lines: [] }));
    learner.take(5, () => ({ note: "x", lines: [{ sku: 1 }] }));
    expect(learner.found).toMatchObject([{ kind: "type_changed", path: "note", breaking: false }]);
    expect(learner.take(LEARNING_SAMPLES, () => ({ note: "x", lines: [{ sku: 1 }] })).reported).toHaveLength(1);
  });

  it("is reported for a required field that becomes optional, also inside arrays", () => {
    const lines = (skus: readonly object[]) => () => ({ lines: skus });
    const learner = new Learner().take(LEARNING_SAMPLES, lines([{ sku: 1 }, { sku: 2 }]));
    learner.take(1, lines([{ sku: 1 }, {}]));
    expect(learner.reported).toEqual(["field_optional lines[].sku: integer → integer | absent"]);
  });

  it("becomes part of the known schema after many samples or after a week", () => {
    const learner = learned().take(LEARNING_SAMPLES + 1, (index) => ({ ...plain(index), extra: 1 }));
    expect(learner.entry.recent).not.toBeNull();
    learner.now += 8 * DAY;
    learner.take(1, (index) => ({ ...plain(index), extra: 1 }));
    expect(learner.entry.recent).toBeNull();
    expect(learner.take(100, (index) => ({ ...plain(index), extra: 1 })).reported).toHaveLength(1);
  });

  it("is kept up to a maximum number of changes", () => {
    const learner = learned();
    for (let n = 0; n < MAX_CHANGES + 20; n++) learner.take(1, (index) => ({ ...plain(index), [`field_${n}_`]: 1 }));
    expect(learner.entry.changes).toHaveLength(MAX_CHANGES);
  });
});
