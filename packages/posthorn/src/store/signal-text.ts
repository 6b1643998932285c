/** Text format of signals between nodes: one line each, combined into as few notifications as their size allows. */
import type { DeliveryKey, Signal } from "./signal.ts";

/** PostgreSQL accepts notifications of less than 8000 bytes. */
const MAX_BYTES = 7900;
/** Keys per line, each of at most 16 digits and a space. */
const MAX_KEYS = 300;

/** Encodes signals as notification payloads within the size limit. @param by Names the sender. */
export function toPayloads(by: string, signals: readonly Signal[]): readonly string[] {
  const head = `by ${by}`;
  const payloads: string[] = [];
  let payload = head;
  for (const line of new Set(signals.flatMap(linesOf))) {
    if (payload.length + 1 + line.length > MAX_BYTES) {
      payloads.push(payload);
      payload = head;
    }
    payload += `\n${line}`;
  }
  return payload === head ? payloads : [...payloads, payload];
}

export interface ReadPayload {
  /** The sender; `null`: not named, as in notifications sent by SQL. */
  readonly by: string | null;
  readonly signals: readonly Signal[];
  /** The payload has a line that this version cannot read, so any signal may be missing. */
  readonly unknown: boolean;
}

export function fromPayload(payload: string): ReadPayload {
  let by: string | null = null;
  let unknown = false;
  const signals: Signal[] = [];
  for (const line of payload.split("\n")) {
    const [kind = "", ...words] = line.split(" ");
    if (kind === "by") {
      by = words[0] ?? null;
      continue;
    }
    const signal = toSignal(kind, words);
    if (signal === null) unknown = true;
    else signals.push(signal);
  }
  return { by, signals, unknown };
}

function linesOf(signal: Signal): readonly string[] {
  switch (signal.kind) {
    case "application":
    case "source":
    case "condition":
      return [`${signal.kind} ${signal.key}`];
    case "stored":
      return [
        ...inLines("accepted", signal.messages),
        ...inLines("attempted", signal.attempts),
        ...(signal.missed ? ["missed"] : []),
      ];
    case "outbox":
      return [`outbox ${signal.from}`];
    case "lane":
      return [`lane ${signal.request} ${signal.endpointId}`];
    case "unhealthy":
      return inLines(`unhealthy ${signal.request}`, signal.endpointIds);
    case "lane_response":
      return [`lane_response ${signal.request} ${Buffer.from(signal.text).toString("base64url")}`];
    case "task":
      return [`task ${signal.key} ${signal.task}`];
    case "frames":
      return [`frames ${signal.nodeId}`];
    case "wake":
    case "try":
    case "healthy":
    case "listeners":
      return [`${signal.kind} ${signal.endpointId}`];
    case "due":
      return inLines(signal.from === null ? "due" : `since ${signal.from}`, signal.endpointIds);
    case "revoke":
      return inLines(
        "revoke",
        signal.deliveries.flatMap(({ messageId, endpointId }) => [messageId, endpointId]),
      );
    case "tokens":
    case "keys":
    case "resumed":
    case "redaction":
    case "operational":
    case "subscriptions":
    case "watch":
    case "nodes":
      return [signal.kind];
  }
}

function inLines(kind: string, keys: readonly number[]): readonly string[] {
  const lines: string[] = [];
  for (let from = 0; from < keys.length; from += MAX_KEYS) {
    lines.push(`${kind} ${keys.slice(from, from + MAX_KEYS).join(" ")}`);
  }
  return lines;
}

/** Returns `null` for an unknown or malformed signal. */
function toSignal(kind: string, words: readonly string[]): Signal | null {
  const keys = words.map(Number);
  const [key] = keys;
  switch (kind) {
    case "tokens":
    case "keys":
    case "resumed":
    case "redaction":
    case "operational":
    case "subscriptions":
    case "watch":
    case "nodes":
      return { kind };
    case "accepted":
      return keys.every(isKey) ? { kind: "stored", messages: keys, attempts: [], missed: false } : null;
    case "attempted":
      return keys.every(isKey) ? { kind: "stored", messages: [], attempts: keys, missed: false } : null;
    case "missed":
      return { kind: "stored", messages: [], attempts: [], missed: true };
    case "application":
    case "source":
    case "condition":
      return isKey(key) ? { kind, key } : null;
    case "outbox":
      return isKey(key) ? { kind, from: key } : null;
    case "lane":
      return isKey(keys[1]) ? { kind, request: words[0]!, endpointId: keys[1] } : null;
    case "unhealthy":
      return keys.slice(1).every(isKey) ? { kind, request: words[0]!, endpointIds: keys.slice(1) } : null;
    case "lane_response":
      return words.length === 2
        ? { kind, request: words[0]!, text: Buffer.from(words[1]!, "base64url").toString() }
        : null;
    case "task":
      return isKey(key) && words[1] !== undefined ? { kind, key, task: words[1] } : null;
    case "frames":
      return isKey(key) ? { kind, nodeId: key } : null;
    case "wake":
    case "try":
    case "healthy":
    case "listeners":
      return isKey(key) ? { kind, endpointId: key } : null;
    case "due":
      return keys.every(isKey) ? { kind, endpointIds: keys, from: null } : null;
    case "since":
      return keys.every(isKey) && isKey(key) ? { kind: "due", endpointIds: keys.slice(1), from: key } : null;
    case "revoke":
      return keys.every(isKey) ? { kind, deliveries: pairsOf(keys) } : null;
    default:
      return null;
  }
}

function isKey(value: number | undefined): value is number {
  return Number.isSafeInteger(value);
}

function pairsOf(keys: readonly number[]): readonly DeliveryKey[] {
  return keys.flatMap((messageId, index) => (index % 2 === 0 ? [{ messageId, endpointId: keys[index + 1]! }] : []));
}
