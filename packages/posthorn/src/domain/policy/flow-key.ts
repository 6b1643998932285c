/** Key by which an endpoint debounces or throttles: deliveries with the same key are replaced or counted together. */
import { createHash } from "node:crypto";
import { invalid } from "../../lib/errors.ts";
import { findMembers } from "../../lib/json-range.ts";
import type { SectionCheck } from "./section.ts";

/** `endpoint`: one key for everything. `payload`: the value at `path`. */
export const FLOW_KEY_KINDS = ["endpoint", "eventType", "orderingKey", "payload"] as const;

export interface FlowKeyValues {
  readonly by: (typeof FLOW_KEY_KINDS)[number];
  /** With `by: payload`: member names separated by dots, such as `customer.id`; otherwise empty. */
  readonly path: string;
}

/** Parts of a message from which a key can be extracted. */
export interface KeyedMessage {
  readonly eventType: string;
  readonly orderingKey: string | null;
  readonly payload: Uint8Array;
}

const MAX_DEPTH = 16;
/** Longer keys are stored as a hash. */
const MAX_KEY = 64;
/** Key of messages without such a value. */
const NONE = "-";

export function checkFlowKey({ by, path }: Partial<FlowKeyValues>, check: SectionCheck): void {
  const place = [...check.path, "path"];
  if (by === "payload" && (path === undefined || path === "")) {
    throw invalid(place, "With `by: payload`, set the path of the value, such as customer.id.");
  }
  if (path === undefined || path === "") return;
  const names = path.split(".");
  if (names.length > MAX_DEPTH || names.includes("")) {
    throw invalid(place, `Use at most ${MAX_DEPTH} member names separated by dots, such as customer.id.`);
  }
}

/** The key of a message: short, and never empty. */
export function flowKey({ by, path }: FlowKeyValues, message: KeyedMessage): string {
  switch (by) {
    case "endpoint":
      return "*";
    case "eventType":
      return short(message.eventType);
    case "orderingKey":
      return message.orderingKey === null ? NONE : short(message.orderingKey);
    case "payload":
      return short(valueAt(message.payload, path.split(".")) ?? NONE);
  }
}

/** Text of a value in a JSON object: strings unescaped, numbers with all digits; `null`: there is no such value. */
function valueAt(payload: Uint8Array, names: readonly string[]): string | null {
  let bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  // The scanner needs well-formed JSON, which a raw payload may not be.
  if (!isJson(bytes)) return null;
  for (const name of names) {
    if (bytes.toString("latin1").trimStart()[0] !== "{") return null;
    const found = findMembers(bytes, [name])[name];
    if (found === undefined) return null;
    bytes = Buffer.from(found);
  }
  const text = bytes.toString("utf8");
  return text.startsWith('"') ? JSON.stringify(JSON.parse(text)) : text;
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString("utf8"));
    return true;
  } catch {
    return false;
  }
}

function short(key: string): string {
  return key.length <= MAX_KEY ? key : `#${createHash("sha256").update(key).digest("base64url")}`;
}
