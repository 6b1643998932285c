/** Builds the default content of a card from the field names that products commonly use. */
import { type Card, type CardField, MAX_FIELDS, SEVERITIES, type Severity } from "./card.ts";
import { type EventBody, isObject, isScalar, isShown, type PlainObject, textOf } from "./event.ts";
import { EMPTY, type Excerpt, excerptOf, lineOf } from "./excerpt.ts";
import { humanise } from "./humanise.ts";

/** Members that hold the subject of an event inside the envelope of many products. */
const ENVELOPES = ["data", "payload", "object", "resource", "attributes", "event"];
const TEXT_NAMES = ["message", "text", "description", "summary", "body", "content", "comment", "note", "reason"];
const LINK_NAMES = ["html_url", "htmlUrl", "web_url", "webUrl", "permalink", "url", "link", "href", "uri"];
const SEVERITY_NAMES = ["severity", "level", "priority", "status", "state", "conclusion", "result", "outcome"];
/** Members that identify the object around them. */
const LABEL_NAMES = ["name", "full_name", "fullName", "title", "login", "username", "email", "number", "id"];
const MAX_NAME = 100;

/** The parts that templates may replace. */
export type CardParts = Pick<Card, "text" | "fields" | "fieldsLeftOut" | "link" | "severity">;

/** Objects to look into, from the inside to the outside. */
function layersOf(value: unknown): PlainObject[] {
  if (!isObject(value)) return [];
  const layers = [value];
  for (let depth = 0; depth < 2; depth++) {
    const [inner] = layers;
    const name = ENVELOPES.find((candidate) => Object.hasOwn(inner!, candidate) && isObject(inner![candidate]));
    if (name === undefined) break;
    layers.unshift(inner![name] as PlainObject);
  }
  return layers;
}

export function defaultParts(body: EventBody, eventType: string, size: number): CardParts {
  const bare = { fields: [], fieldsLeftOut: 0, link: null, severity: severityOfType(eventType) };
  switch (body.kind) {
    case "text":
      return { ...bare, text: excerptOf(body.text) };
    case "binary":
      return { ...bare, text: excerptOf(`Binary content, ${sizeOf(size)}.`) };
    case "too_large":
      return { ...bare, text: excerptOf(`The content is too large to show here: ${sizeOf(size)}.`) };
    case "data":
      return isObject(body.value) ? objectParts(body.value, eventType) : { ...bare, text: valueText(body.value) };
    default:
      return unknownBody(body);
  }
}

/** Turns a new kind of body that is not handled into a type error. */
function unknownBody(body: never): never {
  throw new TypeError(`unknown body: ${JSON.stringify(body)}`);
}

function valueText(value: unknown): Excerpt {
  const { text, more } = textOf(value);
  return excerptOf(text, more);
}

function objectParts(value: PlainObject, eventType: string): CardParts {
  // XML: the root element is the object.
  const [only, ...others] = Object.entries(value);
  const root = only !== undefined && others.length === 0 && isObject(only[1]) ? only[1] : value;
  const layers = layersOf(root);
  const textName = TEXT_NAMES.find((name) => layers.some((layer) => isText(layer, name)));
  const text = textName === undefined ? undefined : layers.find((layer) => isText(layer, textName))?.[textName];
  const found = fieldsOf(layers, textName, eventType);
  return {
    text: typeof text === "string" ? excerptOf(text) : EMPTY,
    fields: found.slice(0, MAX_FIELDS),
    fieldsLeftOut: Math.max(0, found.length - MAX_FIELDS),
    link: linkOf(layers),
    severity: severityOf(layers) ?? severityOfType(eventType),
  };
}

function isText(layer: PlainObject, name: string): boolean {
  const value = Object.hasOwn(layer, name) ? layer[name] : undefined;
  return typeof value === "string" && value.trim() !== "";
}

/** Scalars, and objects that have a name. Fields of the inner object are not repeated for the envelope. */
function fieldsOf(layers: readonly PlainObject[], textName: string | undefined, eventType: string): CardField[] {
  const fields: CardField[] = [];
  const seen = new Set<string>(textName === undefined ? [] : [textName]);
  for (const layer of layers) {
    for (const [name, value] of Object.entries(layer)) {
      // The object that is shown is not a field of its envelope.
      const shown = layers.some((other) => other === value) ? null : labelOf(value);
      if (shown === null || seen.has(name) || shown === eventType) continue;
      seen.add(name);
      fields.push(fieldOf(humanise(name), shown));
    }
  }
  return fields;
}

function labelOf(value: unknown): string | null {
  if (isScalar(value)) return value === "" ? null : String(value);
  if (Array.isArray(value))
    return value.length > 0 && value.length <= 10 && value.every(isScalar) ? value.join(", ") : null;
  if (!isObject(value)) return null;
  const name = LABEL_NAMES.find(
    (candidate) => Object.hasOwn(value, candidate) && isScalar(value[candidate]) && isShown(value[candidate]),
  );
  return name === undefined ? null : String(value[name]);
}

export function fieldOf(name: string, value: string, more = 0): CardField {
  return { name: lineOf(name.slice(0, MAX_NAME)), value: excerptOf(value, more) };
}

function linkOf(layers: readonly PlainObject[]): string | null {
  for (const layer of layers) {
    for (const name of LINK_NAMES) {
      const link = Object.hasOwn(layer, name) ? safeLink(layer[name]) : null;
      if (link !== null) return link;
    }
    const names = Object.keys(layer).filter((name) => /_(?:html_)?url$/.test(name));
    for (const name of names) {
      const link = /^(?:hosted|html|web|receipt|dashboard|public)_/.test(name) ? safeLink(layer[name]) : null;
      if (link !== null) return link;
    }
  }
  return null;
}

/** Longest link that all targets accept. */
const MAX_LINK = 1000;

/** An absolute HTTP or HTTPS URL without credentials, encoded so that it cannot end markup; `null` if the value is not one. */
export function safeLink(value: unknown): string | null {
  if (typeof value !== "string" || value.length > MAX_LINK) return null;
  const url = URL.parse(value.trim());
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) return null;
  if (url.username !== "" || url.password !== "") return null;
  const link = url.href.replace(/[|<>"'`\\]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  return link.length <= MAX_LINK ? link : null;
}

const WORDS: Readonly<Record<Exclude<Severity, "info">, readonly string[]>> = {
  critical: ["critical", "fatal", "emergency", "emerg", "alert", "panic", "p1", "sev1", "blocker", "disaster"],
  error: [
    "error",
    "err",
    "failed",
    "failure",
    "fail",
    "failing",
    "firing",
    "declined",
    "rejected",
    "denied",
    "down",
    "crashed",
    "p2",
    "sev2",
    "high",
  ],
  warning: [
    "warning",
    "warn",
    "degraded",
    "expired",
    "expiring",
    "overdue",
    "late",
    "disputed",
    "unhealthy",
    "timeout",
    "p3",
    "sev3",
  ],
  success: [
    "success",
    "succeeded",
    "successful",
    "ok",
    "paid",
    "completed",
    "complete",
    "resolved",
    "recovered",
    "passed",
    "healthy",
    "up",
    "delivered",
    "approved",
  ],
};

/** The severity that a word of any product stands for; `null`: none. */
export function severityOfWord(word: string): Severity | null {
  const lower = word.trim().toLowerCase();
  const known = SEVERITIES.find((severity) => severity === lower);
  if (known !== undefined) return known;
  for (const severity of ["critical", "error", "warning", "success"] as const) {
    if (WORDS[severity].includes(lower)) return severity;
  }
  return ["info", "information", "informational", "notice", "debug", "low", "p4", "p5"].includes(lower) ? "info" : null;
}

function severityOf(layers: readonly PlainObject[]): Severity | null {
  for (const name of SEVERITY_NAMES) {
    for (const layer of layers) {
      const value = Object.hasOwn(layer, name) ? layer[name] : undefined;
      const severity = typeof value === "string" ? severityOfWord(value) : null;
      if (severity !== null) return severity;
    }
  }
  return null;
}

/** By the last words of the event type: `invoice.payment_failed` is an error. */
function severityOfType(eventType: string): Severity {
  const words = eventType.split(/[\s._:/-]+/).slice(-3);
  for (const word of words.toReversed()) {
    const severity = severityOfWord(word);
    if (severity !== null) return severity;
  }
  return "info";
}

function sizeOf(bytes: number): string {
  if (bytes < 1024) return `${bytes} ${bytes === 1 ? "byte" : "bytes"}`;
  const inMib = bytes >= 1024 * 1024;
  return `${(bytes / (inMib ? 1024 * 1024 : 1024)).toFixed(1)} ${inMib ? "MiB" : "KiB"}`;
}
