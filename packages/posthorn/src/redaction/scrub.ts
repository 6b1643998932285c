/**
 * Removes the redacted values of a message from other texts about it, such as the response of an endpoint that repeats what it received.
 */
import { MASK } from "./redactor.ts";

/** Values beyond this number are not searched for one by one: the whole text is hidden. */
const MAX_VALUES = 1000;
/** Shorter values are replaced only where they are not part of a longer word. */
const MIN_ANYWHERE = 3;
/** Minimum length of the beginning of a value for it to be removed from the end of a truncated text. */
const MIN_BEGINNING = 3;

/** A body before its redaction. */
export interface RedactedBody {
  readonly body: Uint8Array;
  /** See `Redaction`. */
  readonly spans: readonly number[];
}

export class Scrubber {
  /** Every form in which a value may be written, longest first; `null`: all texts are hidden. */
  readonly #forms: readonly string[] | null;

  constructor(...bodies: readonly RedactedBody[]) {
    const values = new Set<string>();
    for (const { body, spans } of bodies) {
      const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
      for (let at = 0; at < spans.length && values.size <= MAX_VALUES; at += 2) {
        addValues(values, bytes.toString("utf8", spans[at], spans[at + 1]));
      }
    }
    this.#forms =
      bodies.some(isWhole) || values.size > MAX_VALUES
        ? null
        : [...new Set([...values].flatMap(formsOf))].toSorted((a, b) => b.length - a.length);
  }

  scrub(text: string): string {
    if (text === "") return text;
    if (this.#forms === null) return MASK;
    let scrubbed = text;
    for (const form of this.#forms) {
      if (form.length >= MIN_ANYWHERE) scrubbed = scrubbed.replaceAll(form, MASK);
      else scrubbed = scrubbed.replaceAll(wordOf(form), MASK);
    }
    return this.#withoutCutValue(scrubbed);
  }

  /** As `scrub`, for every text in a JSON value. */
  scrubJson(value: unknown): unknown {
    if (typeof value === "string") return this.scrub(value);
    if (Array.isArray(value)) return value.map((item) => this.scrubJson(item));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, this.scrubJson(member)]));
  }

  /** A text that was cut off can end with the beginning of a value. */
  #withoutCutValue(text: string): string {
    let cut = text.length;
    for (const form of this.#forms!) {
      for (let length = Math.min(form.length - 1, text.length); length >= MIN_BEGINNING; length--) {
        if (!text.endsWith(form.slice(0, length))) continue;
        cut = Math.min(cut, text.length - length);
        break;
      }
    }
    return cut === text.length ? text : text.slice(0, cut) + MASK;
  }
}

function isWhole({ body, spans }: RedactedBody): boolean {
  return spans.length === 2 && spans[0] === 0 && spans[1] === body.byteLength;
}

/** Adds the text of a redacted part: of a value, of the values in it, or of a part of a string. */
function addValues(values: Set<string>, raw: string): void {
  const value = parsed(raw) ?? parsed(`"${raw}"`);
  values.add(raw);
  addLeaves(values, value ?? null);
  values.delete("");
  for (const word of ["true", "false", "null"]) values.delete(word);
}

function addLeaves(values: Set<string>, value: unknown): void {
  if (values.size > MAX_VALUES) return;
  if (typeof value === "string") values.add(value);
  else if (typeof value === "number") values.add(String(value));
  else if (Array.isArray(value)) for (const item of value) addLeaves(values, item);
  else if (typeof value === "object" && value !== null) {
    for (const [name, member] of Object.entries(value)) {
      if (!IDENTIFIER.test(name)) values.add(name);
      addLeaves(values, member);
    }
  }
}

/** Other names of properties can be values, such as an email address. */
const IDENTIFIER = /^[a-z_][\w-]{0,39}$/i;

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}

/** A value as it is, in JSON text, in JSON text within JSON text, in a URL, in a form, in HTML, and in base64. */
function formsOf(value: string): readonly string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const html = value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const forms = [value, json, JSON.stringify(json).slice(1, -1), html, html.replaceAll('"', "&quot;")];
  if (value.isWellFormed()) {
    const encoded = encodeURIComponent(value);
    forms.push(encoded, encoded.replaceAll("%20", "+"));
    if (value.length >= MIN_ANYWHERE) forms.push(Buffer.from(value).toString("base64").replace(/=+$/, ""));
  }
  return forms;
}

function wordOf(form: string): RegExp {
  return new RegExp(`(?<![\\p{L}\\d])${form.replaceAll(/[^\p{L}\d]/gu, String.raw`\$&`)}(?![\\p{L}\\d])`, "gu");
}
