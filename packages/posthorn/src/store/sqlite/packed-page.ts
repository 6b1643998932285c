/**
 * A page of due deliveries on the way from the writer thread: its values in one flat list, and the payloads in one buffer that is handed over.
 * Cloning a job as an object with a payload of its own costs twice as much (7.1 µs instead of 3.9, including the job). Each job then gets a
 * copy of its payload (0.5 µs for 300 bytes): a part of the buffer would keep the whole page in memory, up to 4 MiB, until the job has ended.
 */
import type { JobPage } from "../delivery.ts";
import { type JobRow, toJob } from "../job-row.ts";

export interface PackedPage extends Omit<JobPage, "deliveries"> {
  /** Values of {@link COLUMNS} for each delivery. */
  readonly cells: readonly JobRow[keyof JobRow][];
  /** One after the other. */
  readonly payloads: Uint8Array<ArrayBuffer>;
}

export interface RowPage extends Omit<JobPage, "deliveries"> {
  /** Values of {@link COLUMNS} for each delivery. Objects cost the database thread more to make and to read. */
  readonly rows: readonly (readonly Value[])[];
}

type Value = JobRow[keyof JobRow];

/** Columns of a row, in the order in which `jobColumns` selects them. */
export const COLUMNS = [
  "messageId",
  "publicId",
  "endpointId",
  "due",
  "attempts",
  "generation",
  "trigger",
  "resent",
  "orderKey",
  "contentType",
  "orderingKey",
  "requestJson",
  "deliverUntil",
  "deliverAt",
  "eventType",
  "eventId",
  "channelsJson",
  "tagsJson",
  "traceContext",
  "bytes",
  "exactBytes",
  "payload",
] as const satisfies readonly (keyof JobRow)[];

/**
 * Position of the payload in a row. In the cells of a page, this position has the number of its bytes; `null`: the payload is not in the page.
 */
const PAYLOAD = COLUMNS.length - 1;
const DUE = COLUMNS.indexOf("due");

/** The due time of a row. */
export function dueOf(row: RowPage["rows"][number]): number {
  return row[DUE] as number;
}

export function packPage({ rows, ...page }: RowPage): PackedPage {
  let bytes = 0;
  for (const row of rows) bytes += (row[PAYLOAD] as Uint8Array | null)?.byteLength ?? 0;
  const payloads = new Uint8Array(bytes);
  const cells: Value[] = [];
  let offset = 0;
  for (const row of rows) {
    for (let column = 0; column < PAYLOAD; column++) cells.push(row[column]);
    const payload = row[PAYLOAD] as Uint8Array | null;
    cells.push(payload === null ? null : payload.byteLength);
    if (payload === null) continue;
    payloads.set(payload, offset);
    offset += payload.byteLength;
  }
  return { ...page, cells, payloads };
}

export function unpackPage({ cells, payloads, ...page }: PackedPage): JobPage {
  const deliveries = [];
  let offset = 0;
  for (let at = 0; at < cells.length; at += COLUMNS.length) {
    const length = cells[at + PAYLOAD] as number | null;
    const payload = length === null ? null : ownBytes(payloads, offset, length);
    offset += length ?? 0;
    deliveries.push(toJob(rowAt(cells, at, payload)));
  }
  return { ...page, deliveries };
}

/** Copies the bytes of one payload. The only payload of a page keeps its buffer. */
function ownBytes(payloads: PackedPage["payloads"], offset: number, length: number): Uint8Array<ArrayBuffer> {
  return length === payloads.byteLength ? payloads : payloads.slice(offset, offset + length);
}

/** Names the columns one by one: an object that is filled from a list of names is slow. */
function rowAt(cells: PackedPage["cells"], at: number, payload: Uint8Array | null): JobRow {
  return {
    payload,
    messageId: cells[at] as number,
    publicId: cells[at + 1] as string,
    endpointId: cells[at + 2] as number,
    due: cells[at + 3] as number,
    attempts: cells[at + 4] as number,
    generation: cells[at + 5] as number,
    trigger: cells[at + 6] as JobRow["trigger"],
    resent: cells[at + 7] as number,
    orderKey: cells[at + 8] as string | null,
    contentType: cells[at + 9] as string,
    orderingKey: cells[at + 10] as string | null,
    requestJson: cells[at + 11] as string | null,
    deliverUntil: cells[at + 12] as number | null,
    deliverAt: cells[at + 13] as number | null,
    eventType: cells[at + 14] as string,
    eventId: cells[at + 15] as string | null,
    channelsJson: cells[at + 16] as string | null,
    tagsJson: cells[at + 17] as string | null,
    traceContext: cells[at + 18] as string | null,
    bytes: cells[at + 19] as number | null,
    exactBytes: cells[at + 20] as number | null,
  };
}
