/** The policy of an endpoint or application as text fields, and back. A field that is empty is inherited. */

export type Policy = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;

export type FieldKind = "number" | "boolean" | "choice" | "backoff" | "codes" | "text" | "json";

export interface PolicyField {
  readonly section: string;
  readonly name: string;
  readonly kind: FieldKind;
  readonly choices?: readonly string[];
}

/** Values of the fields that are chosen from a list, by `section.field`. */
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
  "signing.style": ["standard", "http-signatures", "github", "shopify", "slack", "stripe"],
};

const KINDS: Readonly<Record<string, FieldKind>> = {
  "retry.backoff": "backoff",
  "retry.stopCodes": "codes",
  "retry.retryCodes": "codes",
  "success.statusCodes": "codes",
};

/** The fields of a section, by what holds in the end: a field that the server learns later shows up by itself. */
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

/** The value of a field as it stands in its input. */
export function toText(kind: FieldKind, value: unknown): string {
  if (value === undefined || value === null) return "";
  if (kind === "codes") return (value as readonly unknown[]).join(", ");
  if (kind === "backoff") return backoffText(value as Backoff);
  return typeof value === "string" ? value : JSON.stringify(value);
}

/**
 * What is typed, as the API takes it; `null` for an empty field.
 *
 * @throws {Error} when it cannot be read; the message says what is expected.
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

/** A schedule as a list of times; anything else as its JSON. */
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
    if (count === undefined) throw new Error(`"${part}": 5s, 30m, 2h, 1d`);
    return Number(count) * (unit === undefined || unit === "" ? 1 : UNITS[unit as keyof typeof UNITS]);
  });
  return { type: "schedule", delays };
}

/** What changed, in the form of a patch: only fields that differ; `null` where one is to be inherited again. */
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
