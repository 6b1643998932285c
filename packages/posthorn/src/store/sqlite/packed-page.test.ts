import fc from "fast-check";
import { expect, it } from "vitest";
import { jobColumns, type JobRow, toJob } from "../job-row.ts";
import { COLUMNS, packPage, unpackPage } from "./packed-page.ts";

const ROW: JobRow = {
  payload: null,
  messageId: 1,
  publicId: "msg_1",
  endpointId: 2,
  due: 3,
  attempts: 4,
  generation: 5,
  trigger: 1,
  resent: 1,
  orderKey: "order",
  contentType: "application/json",
  orderingKey: "ordering",
  requestJson: "{}",
  deliverUntil: 6,
  deliverAt: 7,
  eventType: "type",
  eventId: "event",
  channelsJson: "[]",
  tagsJson: '["tag"]',
  traceContext: "trace",
  bytes: 8,
  exactBytes: 9,
};

const cellsOf = (rows: readonly JobRow[]) => rows.map((row) => COLUMNS.map((column) => row[column]));

it("a page arrives with every value of its jobs, with and without a payload", () => {
  const rows: readonly JobRow[] = [
    { ...ROW, payload: Buffer.from("first") },
    ROW,
    { ...ROW, messageId: 10, payload: new Uint8Array(0), resent: 0, exactBytes: null, eventId: null },
    { ...ROW, messageId: 11, payload: Buffer.from("last") },
  ];
  const ordered = { scannedTo: { due: 1, messageId: 1 }, done: true, blocked: new Map() };
  const packed = packPage({ rows: cellsOf(rows), nextDue: 99, ordered } as unknown as Parameters<typeof packPage>[0]);
  const page = unpackPage(structuredClone(packed, { transfer: [packed.payloads.buffer] }));
  const expected = rows.map((row) => ({
    ...toJob(row),
    payload: row.payload === null ? null : new Uint8Array(row.payload),
  }));
  expect(page.deliveries.map((job) => ({ ...job, payload: job.payload && new Uint8Array(job.payload) }))).toEqual(
    expected,
  );
  expect(page).toMatchObject({ nextDue: 99, ordered });
  expect(unpackPage(packPage({ rows: [], nextDue: null }))).toEqual({ deliveries: [], nextDue: null });
});

const number = fc.constantFrom(0, 1, null);
const text = fc.constantFrom("", "a", "b", null);
/** Few different values, so that rows often have the same as the one before. */
const row = fc.record(
  Object.fromEntries(
    COLUMNS.map((column) => {
      if (column === "payload") return [column, fc.constantFrom(null, Buffer.from("body"), Buffer.alloc(0))];
      return [column, typeof ROW[column] === "number" ? number : text];
    }),
  ),
) as unknown as fc.Arbitrary<JobRow>;

it("rows are the same together as each by itself, whatever they have in common", () => {
  const pageOf = (rows: readonly JobRow[]) =>
    unpackPage(structuredClone(packPage({ rows: cellsOf(rows), nextDue: null }))).deliveries;
  fc.assert(
    fc.property(fc.array(row, { maxLength: 8 }), fc.array(fc.nat(7)), (rows, repeated) => {
      const all = [...rows, ...repeated.flatMap((index) => rows[index] ?? [])];
      expect(pageOf(all)).toEqual(all.flatMap((one) => pageOf([one])));
    }),
  );
});

it("a delivery like the one before takes a few values", () => {
  const like = (messageId: number): JobRow => ({ ...ROW, messageId, publicId: `msg_${messageId}` });
  const { cells } = packPage({ rows: cellsOf([like(1), like(2)]), nextDue: null });
  expect(cells.slice(COLUMNS.length + 1)).toEqual([0b11, 2, "msg_2", null]);
});

it("a job keeps only its own payload in memory, not those of its page", () => {
  const rows = Array.from({ length: 256 }, () => ({ ...ROW, payload: new Uint8Array(16_384) }));
  const { deliveries } = unpackPage(packPage({ rows: cellsOf(rows), nextDue: null }));
  const buffers = deliveries.map(({ payload }) => payload!.buffer);
  expect(new Set(buffers).size).toBe(256);
  expect(buffers.filter(({ byteLength }) => byteLength !== 16_384)).toEqual([]);
});

it("the only payload of a page is not copied", () => {
  const packed = packPage({ rows: cellsOf([{ ...ROW, payload: Buffer.from("only") }, ROW]), nextDue: null });
  expect(unpackPage(packed).deliveries[0]!.payload!.buffer).toBe(packed.payloads.buffer);
});

it("the columns of a page are those that its statements select", () => {
  const selected = jobColumns("min").matchAll(/ AS "?(\w+)"?(?=,|\s*$)/g);
  expect([...selected].map(([, name]) => name)).toEqual([...COLUMNS]);
});
