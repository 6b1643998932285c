/**
 * Objects that hold messages in a bucket. The key of an object depends only on the IDs and times of its messages, so every attempt writes the
 * same object, and an existing object shows that an earlier attempt succeeded.
 */
import { createHash } from "node:crypto";
import type { ConfigOf, Fields, KindMessage } from "../kind.ts";
import { jsonLine } from "./cloud-body.ts";
import { refused, type Refusal } from "./cloud-result.ts";

/** Messages and bytes of one object. */
export const ARCHIVE_BATCH = { items: 1000, bytes: 8_388_608, isAtomic: true, isIdentity: true } as const;
/** Largest body of a message. */
export const ARCHIVE_BODY_BYTES = 67_108_864;
/** In bytes: the limit of S3 and Google; Azure allows 1,024 characters. */
const MAX_KEY_BYTES = 1024;

export const ARCHIVE_FIELDS = {
  format: {
    type: "choice",
    label: "Format",
    help: "jsonLines: objects with one line of JSON for each message, with id, eventType, timestamp and payload. raw: one object for each message, with its exact body.",
    required: true,
    secret: false,
    choices: ["jsonLines", "raw"],
    default: "jsonLines",
  },
  key: {
    type: "text",
    label: "Object key",
    help: "Template for the keys of objects. {id} is required: the ID of the message, or the ID of the first message with the number of messages. {year}, {month}, {day}, {hour} and {minute} are the time of the first message in UTC; {eventType} is its type.",
    required: true,
    secret: false,
    maxLength: 700,
    default: "{year}/{month}/{day}/{hour}/{id}.jsonl",
    example: "webhooks/{year}-{month}-{day}/{id}.jsonl",
  },
} as const satisfies Fields;

export type ArchiveConfig = ConfigOf<typeof ARCHIVE_FIELDS>;

/** Rules that all kinds of archives share. */
export const ARCHIVE_RULES = {
  group: "storage",
  limits: { bodyBytes: ARCHIVE_BODY_BYTES, batch: ARCHIVE_BATCH },
  idempotency: "create-only",
  ordering: "none",
} as const;

export interface ArchiveObject {
  readonly kind: "object";
  readonly key: string;
  readonly contentType: string;
  readonly body: Uint8Array;
}

const PLACEHOLDERS: ReadonlySet<string> = new Set(["id", "year", "month", "day", "hour", "minute", "eventType"]);

export function checkArchive({ key }: ArchiveConfig): { readonly field: "key"; readonly problem: string } | null {
  const problem = keyProblem(key);
  return problem === null ? null : { field: "key", problem };
}

/** Whether messages may share an object. They may not if the key contains the event type. */
export function sharesObjects({ format, key }: ArchiveConfig): boolean {
  return format === "jsonLines" && !key.includes("{eventType}");
}

export function archiveObject(config: ArchiveConfig, messages: readonly KindMessage[]): ArchiveObject | Refusal {
  const [first] = messages;
  if (first === undefined || (messages.length > 1 && !sharesObjects(config))) {
    throw new Error("an object of this format has exactly one message");
  }
  const key = objectKey(config.key, messages);
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) {
    return refused(
      "message_invalid",
      `The key of the object would have more than ${MAX_KEY_BYTES} bytes. Shorten the template.`,
    );
  }
  if (config.format === "raw") {
    return { kind: "object", key, contentType: first.contentType || "application/octet-stream", body: first.body };
  }
  return {
    kind: "object",
    key,
    contentType: "application/x-ndjson",
    body: Buffer.from(messages.map(jsonLine).join("")),
  };
}

/** The key as a path of a URL. */
export function keyPath(key: string): string {
  return key.split("/").map(encodeSegment).join("/");
}

export function encodeSegment(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function objectKey(template: string, messages: readonly KindMessage[]): string {
  const { createdAt, eventType } = messages[0]!;
  const [year, month, day, hour, minute] = new Date(createdAt).toISOString().split(/[-T:]/);
  const values: Readonly<Record<string, string | undefined>> = {
    id: batchId(messages),
    year,
    month,
    day,
    hour,
    minute,
    eventType: eventType.replace(/[^A-Za-z0-9_.-]/g, "_").replace(/^\.+/, "_"),
  };
  return template.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "");
}

/** Names a batch by its first message, its size and a hash of all IDs, so different members result in a different name. */
export function batchId(messages: readonly KindMessage[]): string {
  const ids = messages.map(({ id }) => id);
  if (ids.length === 1) return ids[0]!;
  const hash = createHash("sha256").update(ids.join("\n")).digest("hex").slice(0, 16);
  return `${ids[0]}-${ids.length}-${hash}`;
}

function keyProblem(template: string): string | null {
  const names = [...template.matchAll(/\{([^{}]*)\}/g)].map(([, name]) => name!);
  const unknown = names.find((name) => !PLACEHOLDERS.has(name));
  if (unknown !== undefined)
    return `{${unknown}} is not a placeholder. Use ${[...PLACEHOLDERS].map((name) => `{${name}}`).join(", ")}.`;
  if (!names.includes("id")) return "The template must contain {id}, so that every object has a unique key.";
  if (/[{}]/.test(template.replace(/\{[^{}]*\}/g, ""))) return "A brace is not closed, or was not opened.";
  const segments = template.split("/");
  if (segments.includes("") || segments.includes(".") || segments.includes("..")) {
    return 'The template must not start or end with a slash, and must not contain "//", "." or ".." between slashes.';
  }
  return template.includes("\\") ? "The template must not contain a backslash." : null;
}
