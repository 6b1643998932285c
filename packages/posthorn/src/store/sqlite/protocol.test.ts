import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { attemptRecord, successOutcome } from "../../../test/support/store-rows.ts";
import type { AttemptRecord, Outcome } from "../delivery.ts";
import { decodeRecords, RecordWriter } from "./protocol.ts";

/** Few different values, so that outcomes often have the same as the one before. */
const few = fc.constantFrom(0, 1, 2);
const attempt: fc.Arbitrary<AttemptRecord> = fc.record({
  id: few,
  publicId: fc.constantFrom("atmpt_1", "atmpt_2"),
  url: fc.constantFrom("nats://a/events", "nats://b/events"),
  status: fc.constantFrom(0, 2),
  responseCode: fc.constantFrom(0, 200),
  response: fc.constantFrom("", "events/1"),
  durationMs: few,
  errorCode: fc.constantFrom(null, "timeout"),
  detailJson: fc.constantFrom(null, "[1]"),
});
const outcome: fc.Arbitrary<Outcome> = fc.record({
  messageId: few,
  endpointId: few,
  generation: few,
  trigger: fc.constantFrom(0, 1),
  state: fc.constantFrom(0, 1, 2, 3),
  due: fc.constantFrom(null, 1, 2),
  attempts: few,
  attempt: fc.option(attempt, { nil: null, freq: 9 }),
  cancel: fc.option(fc.record({ reason: fc.constant("expired"), at: few }), { nil: null, freq: 9 }),
  passAt: fc.constantFrom(null, 1),
});
type Change = Partial<Record<keyof Outcome | keyof AttemptRecord, unknown>>;
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.constant({}),
  outcome.chain((other) => fc.constantFrom(...Object.entries(other)).map(([name, value]) => ({ [name]: value }))),
  attempt.chain((other) => fc.constantFrom(...Object.entries(other)).map(([name, value]) => ({ [name]: value }))),
);

/** Outcomes that differ from the one before in one value or none. */
const outcomes = fc.tuple(outcome, fc.array(change, { maxLength: 12 })).map(([first, changes]) => {
  const all: Outcome[] = [first];
  for (const changed of changes) {
    const before = all.at(-1)!;
    const ofAttempt = before.attempt !== null && Object.keys(changed).some((name) => name in before.attempt!);
    all.push(
      (ofAttempt ? { ...before, attempt: { ...before.attempt, ...changed } } : { ...before, ...changed }) as Outcome,
    );
  }
  return all;
});

function written(entries: readonly Outcome[]): RecordWriter {
  const writer = new RecordWriter();
  for (const entry of entries) writer.add(entry);
  return writer;
}

describe("outcomes on the way to the writer thread", () => {
  it("are decoded in the same way together and individually", () => {
    fc.assert(
      fc.property(outcomes, (entries) => {
        const each = entries.flatMap((entry) => decodeRecords(written([entry]).cells));
        expect(decodeRecords(written(entries).cells)).toEqual(each);
        const again = new RecordWriter();
        for (const row of each) again.addRow(row);
        expect(decodeRecords(again.cells)).toEqual(each);
      }),
    );
  });

  it("are short if most of their values are the same in a batch", () => {
    const first = successOutcome(1, { attempt: attemptRecord(5) });
    const second = successOutcome(2, { attempt: attemptRecord(6, { response: "events/2", detailJson: "[1]" }) });
    const { length } = written([first]).cells;
    expect(written([first, second]).cells.slice(length)).toEqual([2, 2, 6, "atmpt_6", "events/2", "[1]"]);
  });
});
