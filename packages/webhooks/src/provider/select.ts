import type { Inbound } from "./inbound.ts";

/**
 * Where a value stands in a request, as text so that definitions stay data: `header:x-github-event`, `query:hub.mode`,
 * `body:data.object.id` (a path into the payload; a number is an index).
 */
export type Selector = `header:${string}` | `query:${string}` | `body:${string}`;

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
  if (selector.startsWith("header:")) return inbound.header(name);
  return selector.startsWith("query:") ? inbound.query(name) : scalar(walk(inbound.payload(), name));
}

/**
 * Fills the first template whose every selector has a value: `["{header:a}.{body:b}", "{header:a}"]` reads "a with b,
 * or a alone".
 */
export function fill(
  valueOf: (selector: string) => string | undefined,
  templates: Templates | undefined,
): string | undefined {
  if (templates === undefined) return undefined;
  if (typeof templates === "string") return fillOne(valueOf, templates);
  for (const template of templates) {
    const text = fillOne(valueOf, template);
    if (text !== undefined) return text;
  }
  return undefined;
}

function fillOne(valueOf: (selector: string) => string | undefined, template: Template): string | undefined {
  let text = "";
  for (let at = 0; ;) {
    const open = template.indexOf("{", at);
    const close = open === -1 ? -1 : template.indexOf("}", open);
    if (close === -1) return text + template.slice(at);
    const value = valueOf(template.slice(open + 1, close));
    if (value === undefined || value === "") return undefined;
    text += template.slice(at, open) + value;
    at = close + 1;
  }
}

/** Follows a dotted path through own properties only; the empty path is the document itself. */
export function walk(document: unknown, path: string): unknown {
  if (path === "") return document;
  let value = document;
  for (const key of path.split(".")) {
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
