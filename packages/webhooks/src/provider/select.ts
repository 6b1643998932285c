import type { Inbound } from "./inbound.ts";

/**
 * Where a value stands in a request, as text so that definitions stay data: `header:x-github-event`, `query:hub.mode`,
 * `body:data.object.id` (a path into the payload; a number is an index), `xml:kind` (text of the first such element; a
 * dotted path narrows).
 */
export type Selector = `header:${string}` | `query:${string}` | `body:${string}` | `xml:${string}`;

/** Text with selectors in braces, such as `{header:x-github-event}.{body:action}`. */
export type Template = string;

/** One template, or several of which the first that can be filled counts. */
export type Templates = Template | readonly Template[];

/** How a definition finds a value: by templates, or by a function where they cannot say it. */
export type Finder = Templates | ((inbound: Inbound) => string | undefined);

/** Applies a {@link Finder}. */
export function find(inbound: Inbound, finder: Finder | undefined): string | undefined {
  return typeof finder === "function" ? finder(inbound) : fill((selector) => select(inbound, selector), finder);
}

/** The value a selector names, or `undefined` when the request has none or it is no scalar. */
export function select(inbound: Inbound, selector: string): string | undefined {
  const colon = selector.indexOf(":");
  const name = selector.slice(colon + 1);
  switch (selector.slice(0, colon)) {
    case "header":
      return inbound.header(name);
    case "query":
      return inbound.query(name);
    case "body":
      return scalar(walk(inbound.payload(), name));
    case "xml":
      return xmlText(xmlSource(inbound), name);
    default:
      return undefined;
  }
}

/**
 * Fills the first template whose every selector has a value: `["{header:a}.{body:b}", "{header:a}"]` reads "a with b,
 * or a alone".
 */
export function fill(
  valueOf: (selector: string) => string | undefined,
  templates: Templates | undefined,
): string | undefined {
  for (const template of typeof templates === "string" ? [templates] : (templates ?? [])) {
    let complete = true;
    const text = template.replace(/\{([^}]+)\}/g, (_, selector: string) => {
      const value = valueOf(selector) ?? "";
      if (value === "") complete = false;
      return value;
    });
    if (complete) return text;
  }
  return undefined;
}

/** Follows a dotted path through own properties only; the empty path is the document itself. */
export function walk(document: unknown, path: string): unknown {
  let value = document;
  for (const key of path === "" ? [] : path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return value;
}

/** A JSON scalar as text; objects, arrays and null have none. */
export function scalar(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : undefined;
}

/**
 * Text of an element, without an XML parser: no DTD, no entity but the five built-in ones. A dotted path looks for each
 * name after the start of the one before it.
 */
export function xmlText(xml: string, path: string): string | undefined {
  const names = path.split(".");
  const last = names.pop()!;
  let rest = xml;
  for (const name of names) {
    const start = new RegExp(`<(?:[\\w-]+:)?${name}[\\s>]`).exec(rest);
    if (start === null) return undefined;
    rest = rest.slice(start.index + start[0].length);
  }
  const found = new RegExp(`<(?:[\\w-]+:)?${last}(?:\\s[^<>]*)?>([^<]*)<`).exec(rest)?.[1];
  return found?.trim().replace(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => ENTITIES[name] ?? "");
}

/** XML stands in the body itself, or is what the definition's reader finds in it. */
function xmlSource(inbound: Inbound): string {
  const payload = inbound.payload();
  return typeof payload === "string" ? payload : inbound.text();
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
