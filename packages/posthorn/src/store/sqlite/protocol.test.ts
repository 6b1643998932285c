import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { acceptEntry, attemptRecord, successOutcome } from "../../../test/support/store-rows.ts";
import type { AttemptRecord, Outcome } from "../delivery.ts";
import { MESSAGE } from "../hot-columns.ts";
import type { AcceptEntry } from "../store.ts";
import { decodeAccepts, decodeRecords, encodeAccept, encodeAcceptRow, RecordWriter } from "./protocol.ts";

/** Few different values, so that outcomes often have the same as an earlier one. */
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
  isImmediateSuccess: fc.boolean(),
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
  few.map((endpointId) => ({ endpointId })),
  outcome.chain((other) => fc.constantFrom(...Object.entries(other)).map(([name, value]) => ({ [name]: value }))),
  attempt.chain((other) => fc.constantFrom(...Object.entries(other)).map(([name, value]) => ({ [name]: value }))),
);

/** Outcomes that differ from one of the last three in one value or none. */
const outcomes = fc.tuple(outcome, fc.array(fc.tuple(change, few), { maxLength: 12 })).map(([first, changes]) => {
  const all: Outcome[] = [first];
  for (const [changed, back] of changes) {
    const before = all.at(-1 - back) ?? first;
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
    expect(written([first, second]).cells.slice(length)).toEqual([2, 2, 6, "atmpt_6", "events/2", 1, "[1]"]);
  });

  it("are short if most of their values are the same as those of an earlier outcome of the endpoint", () => {
    const first = [1, 2].map((endpointId) =>
      successOutcome(1, { endpointId, attempt: attemptRecord(endpointId, { url: `https://${endpointId}.example` }) }),
    );
    const second = first.map(({ endpointId, attempt: made }) =>
      successOutcome(2, { endpointId, attempt: attemptRecord(endpointId + 4, { url: made!.url }) }),
    );
    const { length } = written(first).cells;
    const { cells } = written([...first, ...second]);
    expect(cells.slice(length)).toEqual([3, 2, 5, "atmpt_5", "", 1, null, 3, 2, 6, "atmpt_6", "", 1, null]);
    expect(decodeRecords(cells).map(({ endpointId, attempt: made }) => [endpointId, made?.values[2]])).toEqual([
      [1, "https://1.example"],
      [2, "https://2.example"],
      [1, "https://1.example"],
      [2, "https://2.example"],
    ]);
  });
});

describe("messages on the way to the writer thread", () => {
  /** Each of the values that most messages do not have. */
  const RARE: readonly Partial<AcceptEntry>[] = [
    { eventId: "e" },
    { channelsJson: '["c"]' },
    { tagsJson: '["t"]' },
    { expiresAt: 7 },
    { deliverAt: 7 },
    { orderingKey: "o" },
    { unmatchedJson: "[8]" },
    { requestJson: "{}" },
    { deliverUntil: 7 },
    { traceContext: "00-1" },
    { exact: { body: Buffer.from("abc"), sealed: Buffer.from("sealed"), keepMs: 5, spans: null } as never },
    { idempotency: { hash: "h", buckets: [1, 2] } },
    { flowControl: { now: 1, endpoints: [] } },
    { orderKeys: ["k", null] },
    { pulled: [4] },
    { hasEarlierKey: true },
  ];
  const entry = (id: number, changes: Partial<AcceptEntry> = {}): AcceptEntry =>
    acceptEntry(id, { due: id + 1, endpointIds: [4, 5], ...changes });
  const cellsOf = (entries: readonly AcceptEntry[]) => {
    const cells: (string | number | null)[] = [];
    for (const one of entries) encodeAccept(cells, one);
    return cells;
  };

  it("arrive with each value that they have", () => {
    const entries = [
      entry(1),
      ...RARE.map((changes, index) => entry(index + 2, changes)),
      entry(99, { endpointIds: [] }),
    ];
    const rows = decodeAccepts(cellsOf(entries));
    for (const [index, { payload, due, endpointIds, ...rest }] of entries.entries()) {
      const { message, ...row } = rows[index]!;
      const stored = MESSAGE.columns.map((_, place) => message[place] ?? null);
      expect(stored).toEqual(MESSAGE.columns.map(({ of }) => of(entries[index]!)));
      expect(row).toEqual({
        payloadBytes: payload.byteLength,
        due,
        endpointIds,
        exact: rest.exact === undefined ? null : { sealedBytes: 6, keepMs: 5 },
        idempotency: rest.idempotency,
        flowControl: rest.flowControl ?? null,
        orderKeys: rest.orderKeys ?? null,
        pulled: rest.pulled ?? null,
        hasEarlierKey: rest.hasEarlierKey === true,
      });
    }
    const again: (string | number | null)[] = [];
    for (const row of rows) encodeAcceptRow(again, row);
    const whole = decodeAccepts(again).map(({ message, ...row }) => ({
      ...row,
      message: message.filter((cell) => cell !== null),
    }));
    expect(whole).toEqual(
      rows.map(({ message, ...row }) => ({ ...row, message: message.filter((cell) => cell !== null) })),
    );
  });

  it("are short when they have no other values than most messages", () => {
    expect(cellsOf([entry(1)])).toEqual([0, 1, "msg_1", 1, "test.event", "application/json", 8, 2, 2, 4, 5]);
  });
});
