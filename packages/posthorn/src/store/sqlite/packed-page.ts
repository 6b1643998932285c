/**
 * A page of due deliveries on the way from the writer thread: its values in one flat list, and the payloads in one buffer that is handed over.
 * Cloning a job as an object with a payload of its own costs twice as much (7.1 µs instead of 3.9, including the job). Each job then gets a
 * copy of its payload (0.5 µs for 300 bytes): a part of the buffer would keep the whole page in memory, up to 4 MiB, until the job has ended.
 */
import type { Job, JobPage, MessageLabels } from "../delivery.ts";
import { type JobRow, toJob } from "../job-row.ts";

export interface PackedPage extends Omit<JobPage, "deliveries"> {
  /** Values of {@link COLUMNS} for each delivery (see `packPage`). */
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

/** Position of the payload in a row. */
const PAYLOAD = COLUMNS.length - 1;
const DUE = COLUMNS.indexOf("due");
/** Values that belong to `MessageLabels`, as bits of a mask. */
const LABELS = maskOf(["eventType", "eventId", "channelsJson", "tagsJson"]);

function maskOf(columns: readonly (typeof COLUMNS)[number][]): number {
  return columns.reduce((mask, column) => mask | (1 << COLUMNS.indexOf(column)), 0);
}

/** The due time of a row. */
export function dueOf(row: RowPage["rows"][number]): number {
  return row[DUE] as number;
}

/**
 * Most deliveries of an endpoint differ in a few values, so each row has a mask of the columns whose value differs from that of the row before,
 * and these values. In place of the payload is the number of its bytes; `null`: the payload is not in the page.
 */
export function packPage({ rows, ...page }: RowPage): PackedPage {
  let bytes = 0;
  for (const row of rows) bytes += (row[PAYLOAD] as Uint8Array | null)?.byteLength ?? 0;
  const payloads = new Uint8Array(bytes);
  const cells: Value[] = [];
  let offset = 0;
  let before: readonly Value[] = [];
  for (const row of rows) {
    const place = cells.push(0) - 1;
    let mask = 0;
    for (let column = 0; column < PAYLOAD; column++) {
      if (row[column] === before[column]) continue;
      mask |= 1 << column;
      cells.push(row[column]);
    }
    cells[place] = mask;
    before = row;
    const payload = row[PAYLOAD] as Uint8Array | null;
    cells.push(payload === null ? null : payload.byteLength);
    if (payload === null) continue;
    payloads.set(payload, offset);
    offset += payload.byteLength;
  }
  return { ...page, cells, payloads };
}

export function unpackPage({ cells, payloads, ...page }: PackedPage): JobPage {
  const deliveries: Job[] = [];
  const row: Value[] = COLUMNS.map(() => null);
  let labels: MessageLabels | undefined;
  let offset = 0;
  for (let at = 0; at < cells.length;) {
    const mask = cells[at++] as number;
    for (let column = 0; column < PAYLOAD; column++) if ((mask & (1 << column)) !== 0) row[column] = cells[at++];
    const length = cells[at++] as number | null;
    const payload = length === null ? null : ownBytes(payloads, offset, length);
    offset += length ?? 0;
    const job = toJob(rowOf(row, payload), (mask & LABELS) === 0 ? labels : undefined);
    labels = job.labels;
    deliveries.push(job);
  }
  return { ...page, deliveries };
}

/** Copies the bytes of one payload. The only payload of a page keeps its buffer. */
function ownBytes(payloads: PackedPage["payloads"], offset: number, length: number): Uint8Array<ArrayBuffer> {
  return length === payloads.byteLength ? payloads : payloads.slice(offset, offset + length);
}

/** Names the columns one by one: an object that is filled from a list of names is slow. */
function rowOf(values: readonly Value[], payload: Uint8Array | null): JobRow {
  return {
    payload,
    messageId: values[0] as number,
    publicId: values[1] as string,
    endpointId: values[2] as number,
    due: values[3] as number,
    attempts: values[4] as number,
    generation: values[5] as number,
    trigger: values[6] as JobRow["trigger"],
    resent: values[7] as number,
    orderKey: values[8] as string | null,
    contentType: values[9] as string,
    orderingKey: values[10] as string | null,
    requestJson: values[11] as string | null,
    deliverUntil: values[12] as number | null,
    deliverAt: values[13] as number | null,
    eventType: values[14] as string,
    eventId: values[15] as string | null,
    channelsJson: values[16] as string | null,
    tagsJson: values[17] as string | null,
    traceContext: values[18] as string | null,
    bytes: values[19] as number | null,
    exactBytes: values[20] as number | null,
  };
}
