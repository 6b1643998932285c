/** Compares the fields of a resource before and after a change, for the audit log. */
import type { AuditFieldChange, AuditValue } from "./entry.ts";

/**
 * Fields with values that are shown in the audit log. All others are only named: they can contain secrets (URLs, headers, tokens) or data of
 * customers (payloads, metadata).
 */
const SHOWN: ReadonlySet<string> = new Set([
  "allow",
  "archived",
  "attemptDays",
  "channels",
  "disabled",
  "emitType",
  "eventTypes",
  "expiresAt",
  "failureDays",
  "isPaused",
  "kind",
  "name",
  "networks",
  "paused",
  "payloadDays",
  "permissions",
  "rateLimit",
  "requiresSecondFactor",
  "role",
  "scopes",
  "throttleRate",
  "type",
  "uid",
  "version",
]);

/** Fields that differ in every change. */
const IGNORED: ReadonlySet<string> = new Set(["updatedAt", "createdAt", "key", "appKey", "id"]);

const MAX_LENGTH = 256;
const MAX_ITEMS = 50;

/** Returns the fields that differ, sorted by name, with their values if these are harmless. */
export function changedFields(before: object, after: object): readonly AuditFieldChange[] {
  const [old, next] = [before, after] as Readonly<Record<string, unknown>>[];
  const names = new Set([...Object.keys(old!), ...Object.keys(next!)]);
  const changes: AuditFieldChange[] = [];
  for (const field of [...names].toSorted()) {
    if (IGNORED.has(field) || sameValue(old![field], next![field])) continue;
    changes.push(changeOf(field, old![field], next![field]));
  }
  return changes;
}

function changeOf(field: string, before: unknown, after: unknown): AuditFieldChange {
  if (field === "url") return { field: "url", from: originOf(before), to: originOf(after) };
  if (!SHOWN.has(field)) return { field };
  return { field, from: shown(before), to: shown(after) };
}

function sameValue(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
}

/** Scheme, host and port: the rest of a URL can contain tokens. */
function originOf(value: unknown): string | null {
  return typeof value === "string" && URL.canParse(value) ? `${new URL(value).protocol}//${new URL(value).host}` : null;
}

function shown(value: unknown): AuditValue {
  if (typeof value === "string") return clean(value);
  if (typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value))) return value;
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => clean(String(item)));
  return null;
}

function clean(text: string): string {
  return text.slice(0, MAX_LENGTH).replaceAll("\0", "\uFFFD").toWellFormed();
}

const MAX_FIELDS = 50;
const MAX_NAME = 64;

/** Names of the members of a request body. */
export function fieldNames(body: unknown): readonly string[] {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return [];
  return Object.keys(body)
    .slice(0, MAX_FIELDS)
    .map((name) => clean(name.slice(0, MAX_NAME)))
    .toSorted();
}
