/** Converts the policy of an endpoint or application to text fields and back. Empty fields are inherited. */
import i18next from "i18next";

export type Policy = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;

export type FieldKind = "number" | "boolean" | "choice" | "backoff" | "codes" | "text" | "json";

export interface PolicyField {
  readonly section: string;
  readonly name: string;
  readonly kind: FieldKind;
  readonly choices?: readonly string[];
}

/** Choices of the fields with a fixed list of values, by `section.field`. */
export const POLICY_CHOICES: Readonly<Record<string, readonly string[]>> = {
  "limits.backlog": ["oldest", "newest"],
  "verification.mode": ["as-created", "off", "challenge", "cloudevents"],
  "order.by": ["none", "endpoint", "key"],
  "order.onFailure": ["block", "skip", "park"],
  "success.preset": ["none", "teams", "slack", "graphql", "json-rpc", "no-html"],
  "success.undecided": ["success", "failure"],
  "throttle.by": ["endpoint", "eventType", "orderingKey", "payload"],
  "debounce.by": ["endpoint", "eventType", "orderingKey", "payload"],
  "format.body": ["as-published", "json", "xml", "form"],
  "signing.style": ["standard", "http-signatures", "asana", "github", "shopify", "slack", "stripe"],
};

const KINDS: Readonly<Record<string, FieldKind>> = {
  "retry.backoff": "backoff",
  "retry.stopCodes": "codes",
  "retry.retryCodes": "codes",
  "success.statusCodes": "codes",
};

/** Fields of a section, taken from the effective policy: fields that a newer server adds appear without a change here. */
export function fieldsOf(section: string, effective: Readonly<Record<string, unknown>>): readonly PolicyField[] {
  return Object.entries(effective).map(([name, value]) => {
    const key = `${section}.${name}`;
    const choices = POLICY_CHOICES[key];
    return {
      section,
      name,
      kind: KINDS[key] ?? kindOfValue(value, choices),
      ...(choices === undefined ? {} : { choices }),
    };
  });
}

function kindOfValue(value: unknown, choices: readonly string[] | undefined): FieldKind {
  if (choices !== undefined) return "choice";
  if (typeof value === "number") return "number";
  if (typeof value === "boolean") return "boolean";
  return typeof value === "string" ? "text" : "json";
}

/** The value of a field as the text of its input. */
export function toText(kind: FieldKind, value: unknown): string {
  if (value === undefined || value === null) return "";
  if (kind === "codes") return (value as readonly unknown[]).join(", ");
  if (kind === "backoff") return backoffText(value as Backoff);
  return typeof value === "string" ? value : JSON.stringify(value);
}

/**
 * Parses the text of an input to the value for the API; `null` for an empty field.
 *
 * @throws {Error} When the text cannot be parsed. The message names the expected form.
 */
export function fromText(kind: FieldKind, text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  switch (kind) {
    case "number":
      return Number(trimmed);
    case "boolean":
      return trimmed === "true";
    case "codes":
      return trimmed.split(/[,\s]+/).map((code) => (/^\d+$/.test(code) ? Number(code) : code));
    case "backoff":
      return trimmed.startsWith("{") ? (JSON.parse(trimmed) as unknown) : toSchedule(trimmed);
    case "json":
      return JSON.parse(trimmed) as unknown;
    case "choice":
    case "text":
      return trimmed;
  }
}

interface Backoff {
  readonly type: string;
  readonly delays?: readonly number[];
  readonly jitter?: number;
  readonly preset?: string;
}

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** A schedule as a list of delays; other kinds of backoff as JSON. */
function backoffText(backoff: Backoff): string {
  if (backoff.type !== "schedule" || backoff.delays === undefined) return JSON.stringify(backoff);
  return backoff.delays.map(delayText).join(", ");
}

function delayText(seconds: number): string {
  const unit = (["d", "h", "m"] as const).find((name) => seconds >= UNITS[name] && seconds % UNITS[name] === 0) ?? "s";
  return `${seconds / UNITS[unit]}${unit}`;
}

function toSchedule(text: string): Backoff {
  const delays = text.split(/[,\s]+/).map((part) => {
    const [, count, unit] = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(part) ?? [];
    if (count === undefined) throw new Error(i18next.t("policy.badDelay", { part }));
    return Number(count) * (unit === undefined || unit === "" ? 1 : UNITS[unit as keyof typeof UNITS]);
  });
  return { type: "schedule", delays };
}

const SECOND_MS = 1000;

/** Milliseconds of a number field whose name says that it holds a duration; `null` for other fields and durations under a minute. */
export function longDurationMs({ kind, name }: PolicyField, value: string): number | null {
  const number = Number(value);
  if (kind !== "number" || value === "" || !Number.isFinite(number)) return null;
  const ms = name.endsWith("Seconds") ? number * SECOND_MS : name.endsWith("Ms") ? number : 0;
  return ms >= 60 * SECOND_MS ? ms : null;
}

/** A patch with the fields that changed; `null` for a field that becomes inherited again. */
export function policyPatch(
  fields: readonly PolicyField[],
  before: Policy,
  values: Readonly<Record<string, string>>,
): Record<string, Record<string, unknown>> {
  const patch: Record<string, Record<string, unknown>> = {};
  for (const { section, name, kind } of fields) {
    const text = values[`${section}.${name}`] ?? "";
    if (text.trim() === toText(kind, before[section]?.[name])) continue;
    (patch[section] ??= {})[name] = fromText(kind, text);
  }
  return patch;
}
