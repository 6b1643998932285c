import type { Inbound } from "./inbound.ts";

/**
 * Location of a value in a request, as text so that definitions remain data: `header:x-github-event`,
 * `query:hub.mode` or `body:data.object.id`, a dotted path into the payload in which a number is an index.
 */
export type Selector = `header:${string}` | `query:${string}` | `body:${string}`;

/** Text with selectors in braces, such as `{header:x-github-event}.{body:action}`. */
export type Template = string;

/** One template, or several in order of preference: the first whose selectors all have a value is used. */
export type Templates = Template | readonly Template[];

/** How a definition finds a value: by templates, or by a function where templates are not enough. */
export type Finder = Templates | ((inbound: Inbound) => string | undefined);

/** Applies a {@link Finder}. */
export function find(inbound: Inbound, finder: Finder | undefined): string | undefined {
  return typeof finder === "function" ? finder(inbound) : fill((selector) => select(inbound, selector), finder);
}

/**
 * Value at a selector.
 *
 * @param inbound The request, opened with {@link openInbound}.
 * @param selector Location of the value.
 * @returns The value as text; `undefined` when it is absent or an object, an array or null.
 *
 * @example
 *
 * ```ts
 * import { openInbound, select } from "@posthorn/webhooks/provider";
 *
 * const body = new TextEncoder().encode('{"data":{"ids":[7,8]}}');
 * const inbound = openInbound({ method: "POST", url: "https://receiver.example/", headers: {}, body });
 * console.log(select(inbound, "body:data.ids.1")); // 8
 * ```
 */
export function select(inbound: Inbound, selector: string): string | undefined {
  const colon = selector.indexOf(":");
  const name = selector.slice(colon + 1);
  if (selector.startsWith("header:")) return inbound.header(name);
  return selector.startsWith("query:") ? inbound.query(name) : scalar(walk(inbound.payload(), name));
}

/**
 * Fills the first template whose selectors all have a value: `["{header:a}.{body:b}", "{header:a}"]` means "a with b,
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

/** Fixed texts and selectors in turn, starting and ending with a text. */
type Pieces = readonly string[];

/** Templates that were read. They come from definitions, so there are few. */
const pieces: Map<Template, Pieces> = /* @__PURE__ */ new Map();
const MAX_PIECES = 2000;

function piecesOf(template: Template): Pieces {
  const known = pieces.get(template);
  if (known !== undefined) return known;
  const found: string[] = [];
  let at = 0;
  for (;;) {
    const open = template.indexOf("{", at);
    const close = open === -1 ? -1 : template.indexOf("}", open);
    if (close === -1) break;
    found.push(template.slice(at, open), template.slice(open + 1, close));
    at = close + 1;
  }
  found.push(template.slice(at));
  if (pieces.size < MAX_PIECES) pieces.set(template, found);
  return found;
}

function fillOne(valueOf: (selector: string) => string | undefined, template: Template): string | undefined {
  const found = piecesOf(template);
  let text = found[0]!;
  for (let index = 1; index < found.length; index += 2) {
    const value = valueOf(found[index]!);
    if (value === undefined || value === "") return undefined;
    text += value + found[index + 1]!;
  }
  return text;
}

/** Follows a dotted path through own properties only. The empty path is the document itself. */
export function walk(document: unknown, path: string): unknown {
  if (path === "") return document;
  let value = document;
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return value;
}

/** A JSON scalar as text; `undefined` for objects, arrays and null. */
export function scalar(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : undefined;
}
