/** Bodies of the default maximum size of routes, each of a kind that is expensive to read. */
import { isNightly } from "@posthorn/testkit";

const MIB = 1024 * 1024;
/** POSTHORN_MAX_BATCH_BYTES, POSTHORN_MAX_PAYLOAD_BYTES and POSTHORN_MAX_INBOUND_BYTES. */
const BATCH_BYTES = 16 * MIB;
const PAYLOAD_BYTES = MIB;
const INBOUND_BYTES = 25 * MIB;
/** The limit of a request with one payload. */
const REQUEST_BYTES = 2 * PAYLOAD_BYTES + 64 * 1024;

/** Fills values of about this many bytes. */
export type Filler = (bytes: number) => string;

const list = (item: (place: number) => string, bytes: number): string => {
  const items: string[] = [];
  for (let size = 0; size < bytes - 64;) {
    const next = item(items.length);
    items.push(next);
    size += next.length + 1;
  }
  return items.join(",");
};

/** Keeps the last value, because many bodies contain the same one, and making it takes as long as sending it. */
function keepingLast(filler: Filler): Filler {
  let last = { bytes: -1, text: "" };
  return (bytes) => (last.bytes === bytes ? last : (last = { bytes, text: filler(bytes) })).text;
}

const FILLED: readonly (readonly [string, Filler])[] = [
  ["empty objects", (bytes) => `{"a":[${"{},".repeat(bytes / 3 - 8)}{}]}`],
  ["different names", (bytes) => `{${list((place) => `"k${place}":0`, bytes)}}`],
  ["levels of lists", (bytes) => `{"a":${"[".repeat(bytes / 2 - 8)}${"]".repeat(bytes / 2 - 8)}}`],
  ["large numbers", (bytes) => `{"a":[${list((place) => `1234567890123456${place % 10}`, bytes)}]}`],
  ["a text of escapes", (bytes) => `{"a":"${"\\u0041".repeat(bytes / 6 - 4)}"}`],
];

export const FILLERS: ReadonlyMap<string, Filler> = new Map(
  FILLED.map(([title, filler]) => [title, keepingLast(filler)]),
);

export interface LargeBody {
  readonly path: string;
  readonly type: string;
  readonly text: string;
}

const JSON_TYPE = "application/json";

/** A thousand messages of a customer with wide events: 700 fields each. */
function ordinaryBatch(): string {
  const event = JSON.stringify(
    Object.fromEntries(Array.from({ length: 700 }, (_, place) => [`field_${place}`, place % 2 === 0 ? place : "text"])),
  );
  return `{"messages":[${Array.from({ length: 1000 }, () => `{"eventType":"order.paid","payload":${event}}`).join(",")}]}`;
}

function message(payload: string): string {
  return `{"eventType":"order.paid","payload":${payload}}`;
}

/**
 * Makes every second body, or all of them in the nightly run. Each position in a body gets some of the fillers, and each filler is used in
 * some positions, because `shift` differs for each filler or path.
 */
function* someOf(shift: number, bodies: readonly (() => LargeBody)[]): Generator<LargeBody> {
  for (const [index, make] of bodies.entries()) if (isNightly || (index + shift) % 2 === 0) yield make();
}

/** @param path A path that accepts batches. */
export function batchBodies(path: string, many: Filler, shift: number): Generator<LargeBody> {
  const items = (): readonly string[] => Array.from({ length: 1000 }, () => message(many(BATCH_BYTES / 1000 - 64)));
  const json = (text: string): LargeBody => ({ path, type: JSON_TYPE, text });
  const lines = (text: string): LargeBody => ({ path, type: "application/x-ndjson", text });
  return someOf(shift, [
    () => json(`{"messages":[${items().join(",")}]}`),
    () => json(`{"messages":[${message(many(BATCH_BYTES - 256))}]}`),
    () => json(`{"messages":[${message("{}")}],"more":${many(BATCH_BYTES - 256)}}`),
    () => lines(items().join("\n")),
    () => lines(message(many(BATCH_BYTES - 256))),
  ]);
}

/** @param app A path of an application; `endpoint` one of its endpoints. */
export function requestBodies(app: string, endpoint: string, filler: Filler, shift: number): Generator<LargeBody> {
  const payload = (): string => filler(PAYLOAD_BYTES - 64);
  const filter = `{"body":{"a":{"$gt":12345678901234567}}}`;
  const whole = (): string => filler(REQUEST_BYTES - 512);
  const openapi = "/api/v1/event-type/import/openapi";
  const at = (path: string, text: string): LargeBody => ({ path, type: JSON_TYPE, text });
  return someOf(shift, [
    () => at(`${app}/msg`, message(payload())),
    () => at(`${app}/msg`, `{"eventType":"order.paid","payload":{},"more":${whole()}}`),
    () => at(`${app}/msg/precheck/active`, message(payload())),
    () => at("/api/v1/msg/broadcast", message(payload())),
    () => at(`${endpoint}/send-example`, message(payload())),
    () => at(`${endpoint}/try`, `{"filter":${filter},"payload":${payload()}}`),
    () => at("/api/v1/filter/explain", `{"filter":${filter},"payload":${payload()}}`),
    () => at("/api/v1/event-type", `{"name":"large.one","description":"","schemas":{"1":${whole()}}}`),
    () => at(openapi, `{"spec":{"openapi":"3.1.0","webhooks":${filler(BATCH_BYTES - 512)}}}`),
    () => at(openapi, `{"specRaw":${JSON.stringify(filler(BATCH_BYTES / 2 - 512))}}`),
  ]);
}

/** @param path An inbound URL. */
export function inboundBodies(path: string, shift: number): Generator<LargeBody> {
  const form = (): LargeBody => ({
    path,
    type: "application/x-www-form-urlencoded",
    text: "a=1&b&".repeat(INBOUND_BYTES / 6),
  });
  const filled = [...FILLERS.values()].map((filler) => (): LargeBody => ({
    path,
    type: JSON_TYPE,
    text: filler(INBOUND_BYTES - 512),
  }));
  return someOf(shift, [...filled, form]);
}

/** @param path A path that accepts batches. */
export function ordinaryBodies(path: string): readonly LargeBody[] {
  return [
    { path, type: JSON_TYPE, text: ordinaryBatch() },
    { path, type: JSON_TYPE, text: `{"messages":[${list(() => "{}", BATCH_BYTES - 256)}]}` },
    { path, type: JSON_TYPE, text: `{"messages":[${list(() => message("{}"), BATCH_BYTES - 256)}` },
    { path, type: "application/x-ndjson", text: "\n".repeat(BATCH_BYTES - 256) },
  ];
}
