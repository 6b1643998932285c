/** Compiles the selectors for the value, key and time of a sample. */
import { compilePath, type JsonPath, JsonPathError } from "../lib/json-path.ts";
import { RuleError, suggestion } from "./problem.ts";
import type { Read, Selector } from "./types.ts";

const NAMES = ["items", "value", "key", "time"] as const;
const FIELDS = ["eventType", "eventId", "id"] as const;
const HEADER = /^header:([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100})$/;
const SEGMENT = /^(path|topic):(\d{1,2})$/;
/** Header in which a poll stores the HTTP status of the response: see `sources/drivers/http.ts`. */
const STATUS_HEADER = "x-source-status";
/**
 * Headers in which brokers' sources store the topic of a message, with the separator of its segments: see
 * `sources/listeners`.
 */
export const TOPIC_HEADERS: readonly (readonly [header: string, separator: string])[] = [
  ["mqtt-topic", "/"],
  ["nats-subject", "."],
  ["kafka-topic", "."],
  ["amqp-routing-key", "."],
  ["amqp-subject", "."],
];

/** @param needsValue Whether the conditions compare values: the body is the value if the rule names none. */
export function readOf(json: unknown, needsValue: boolean): Read {
  const read = (json ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof read !== "object" || Array.isArray(read))
    throw new RuleError(["read"], 'An object such as {"value": "$.t"}.');
  const unknown = Object.keys(read).find((name) => !(NAMES as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new RuleError(
      ["read", unknown],
      `Unknown name. It is one of ${NAMES.join(", ")}.${suggestion(unknown, NAMES)}`,
    );
  }
  const { items } = read;
  const value = selectorOf(read["value"], "value");
  return {
    items: items === undefined ? null : itemsOf(items),
    value: value ?? (needsValue ? { kind: "body" } : null),
    key: selectorOf(read["key"], "key"),
    time: selectorOf(read["time"], "time"),
  };
}

function itemsOf(items: unknown): JsonPath {
  if (typeof items === "string" && items.startsWith("$")) return pathOf(items, "items");
  throw new RuleError(["read", "items"], "A JSONPath to the items of a message, such as $.sensors[*].");
}

function selectorOf(source: unknown, name: string): Selector | null {
  if (source === undefined) return null;
  if (typeof source === "string") {
    if (source.startsWith("$")) return { kind: "json", path: pathOf(source, name) };
    if (source === "body") return { kind: "body" };
    if (source === "status") return { kind: "header", name: STATUS_HEADER };
    const field = FIELDS.find((known) => known === source);
    if (field !== undefined) return { kind: "event", field };
    const header = HEADER.exec(source)?.[1];
    if (header !== undefined) return { kind: "header", name: header.toLowerCase() };
    const [, of, index] = SEGMENT.exec(source) ?? [];
    if (of === "path" || of === "topic") return { kind: "segment", of, index: Number(index) };
  }
  throw new RuleError(
    ["read", name],
    "A JSONPath such as $.temperature, or one of body, status, eventType, eventId, id, header:NAME, path:N and topic:N.",
  );
}

function pathOf(source: string, name: string): JsonPath {
  try {
    return compilePath(source);
  } catch (error) {
    if (error instanceof JsonPathError) throw new RuleError(["read", name], error.message);
    throw error;
  }
}
