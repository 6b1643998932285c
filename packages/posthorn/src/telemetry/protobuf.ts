/** Encodes OTLP requests, given in the JSON mapping, as protobuf. The tables hold the field numbers of opentelemetry-proto 1.x. */
import type { OtlpRequest } from "./otlp.ts";

type Scalar = "string" | "hex" | "enum" | "uint32" | "int64" | "fixed64" | "double" | "bool" | "fixed32";
type Field = readonly [number: number, type: Scalar | Message | "packed fixed64" | "packed double"];
interface Message {
  readonly [name: string]: Field;
}

const anyValue: Message = {
  stringValue: [1, "string"],
  boolValue: [2, "bool"],
  intValue: [3, "int64"],
  doubleValue: [4, "double"],
};
const keyValue: Message = { key: [1, "string"], value: [2, anyValue] };
const resource: Message = { attributes: [1, keyValue] };
const scope: Message = { name: [1, "string"], version: [2, "string"] };
const link: Message = { traceId: [1, "hex"], spanId: [2, "hex"], traceState: [3, "string"], attributes: [4, keyValue] };
const status: Message = { message: [2, "string"], code: [3, "enum"] };
const span: Message = {
  traceId: [1, "hex"],
  spanId: [2, "hex"],
  traceState: [3, "string"],
  parentSpanId: [4, "hex"],
  name: [5, "string"],
  kind: [6, "enum"],
  startTimeUnixNano: [7, "fixed64"],
  endTimeUnixNano: [8, "fixed64"],
  attributes: [9, keyValue],
  links: [13, link],
  status: [15, status],
};
const logRecord: Message = {
  timeUnixNano: [1, "fixed64"],
  severityNumber: [2, "enum"],
  severityText: [3, "string"],
  body: [5, anyValue],
  attributes: [6, keyValue],
  flags: [8, "fixed32"],
  traceId: [9, "hex"],
  spanId: [10, "hex"],
  observedTimeUnixNano: [11, "fixed64"],
};
const numberPoint: Message = {
  startTimeUnixNano: [2, "fixed64"],
  timeUnixNano: [3, "fixed64"],
  asDouble: [4, "double"],
  attributes: [7, keyValue],
};
const histogramPoint: Message = {
  startTimeUnixNano: [2, "fixed64"],
  timeUnixNano: [3, "fixed64"],
  count: [4, "fixed64"],
  sum: [5, "double"],
  bucketCounts: [6, "packed fixed64"],
  explicitBounds: [7, "packed double"],
  attributes: [9, keyValue],
};
const metric: Message = {
  name: [1, "string"],
  description: [2, "string"],
  gauge: [5, { dataPoints: [1, numberPoint] }],
  sum: [7, { dataPoints: [1, numberPoint], aggregationTemporality: [2, "enum"], isMonotonic: [3, "bool"] }],
  histogram: [9, { dataPoints: [1, histogramPoint], aggregationTemporality: [2, "enum"] }],
};
const request: Message = {
  resourceSpans: [1, { resource: [1, resource], scopeSpans: [2, { scope: [1, scope], spans: [2, span] }] }],
  resourceLogs: [1, { resource: [1, resource], scopeLogs: [2, { scope: [1, scope], logRecords: [2, logRecord] }] }],
  resourceMetrics: [1, { resource: [1, resource], scopeMetrics: [2, { scope: [1, scope], metrics: [2, metric] }] }],
};

const VARINT = 0;
const FIXED_64 = 1;
const LENGTH = 2;
const FIXED_32 = 5;

export function encodeProtobuf(body: OtlpRequest): Buffer {
  const out = new Output();
  writeMessage(out, request, body);
  return out.bytes();
}

function writeMessage(out: Output, message: Message, value: object): void {
  for (const [name, item] of Object.entries(value)) {
    const field = message[name];
    if (field === undefined) throw new TypeError(`OTLP has no field ${name} here`);
    if (Array.isArray(item) && typeof field[1] !== "string") for (const one of item) writeField(out, field, one);
    else writeField(out, field, item);
  }
}

function writeField(out: Output, [number, type]: Field, value: unknown): void {
  if (typeof type === "object") {
    out.tag(number, LENGTH);
    out.nested(() => writeMessage(out, type, value as object));
    return;
  }
  switch (type) {
    case "string":
      out.tag(number, LENGTH);
      return out.text(value as string, "utf8");
    case "hex":
      out.tag(number, LENGTH);
      return out.text(value as string, "hex");
    case "bool":
      out.tag(number, VARINT);
      return out.varint(value === true ? 1n : 0n);
    case "enum":
    case "uint32":
    case "int64":
      out.tag(number, VARINT);
      return out.varint(BigInt.asUintN(64, BigInt(value as string | number)));
    case "fixed64":
      out.tag(number, FIXED_64);
      return out.fixed64(value as string);
    case "fixed32":
      out.tag(number, FIXED_32);
      return out.fixed32(value as number);
    case "double":
      out.tag(number, FIXED_64);
      return out.double(value as number);
    case "packed fixed64":
      out.tag(number, LENGTH);
      return out.nested(() => (value as readonly string[]).forEach((one) => out.fixed64(one)));
    case "packed double":
      out.tag(number, LENGTH);
      return out.nested(() => (value as readonly number[]).forEach((one) => out.double(one)));
  }
}

/** A buffer that grows. */
class Output {
  #buffer = Buffer.allocUnsafe(64 * 1024);
  #length = 0;

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  tag(number: number, wire: number): void {
    this.varint(BigInt((number << 3) | wire));
  }

  varint(value: bigint): void {
    this.#room(10);
    for (; value > 127n; value >>= 7n) this.#buffer[this.#length++] = Number(value & 127n) | 128;
    this.#buffer[this.#length++] = Number(value);
  }

  fixed64(value: string): void {
    this.#room(8);
    this.#length = this.#buffer.writeBigUInt64LE(BigInt(value), this.#length);
  }

  fixed32(value: number): void {
    this.#room(4);
    this.#length = this.#buffer.writeUInt32LE(value, this.#length);
  }

  double(value: number): void {
    this.#room(8);
    this.#length = this.#buffer.writeDoubleLE(value, this.#length);
  }

  text(value: string, encoding: "utf8" | "hex"): void {
    const size = Buffer.byteLength(value, encoding);
    this.varint(BigInt(size));
    this.#room(size);
    this.#length += this.#buffer.write(value, this.#length, size, encoding);
  }

  /** Writes the length of what `write` writes before it. */
  nested(write: () => void): void {
    const start = this.#length;
    write();
    const content = Buffer.from(this.#buffer.subarray(start, this.#length));
    this.#length = start;
    this.varint(BigInt(content.length));
    this.#room(content.length);
    content.copy(this.#buffer, this.#length);
    this.#length += content.length;
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.#buffer.length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
