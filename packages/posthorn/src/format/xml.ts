/**
 * Converts XML to a tree and back. An element becomes a member, its attributes become members that start with `@`, and
 * text next to either becomes `#text`. Elements with the same name become a list. Namespaces are treated as plain name
 * prefixes.
 */
import { parseXml, XmlCdata, XmlDocumentType, XmlElement, XmlError, XmlText } from "@rgrove/parse-xml";
import {
  addMember,
  Bounds,
  FormatError,
  isMembers,
  type Members,
  NumberText,
  plainText,
  SizeBound,
  type Tree,
} from "./tree.ts";

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';
/** Element name for the items of a list within a list. */
const ITEM = "item";
const TEXT = "#text";

/** Namespace prefixes declared at an element and its ancestors. */
interface Scope {
  readonly prefixes: ReadonlySet<string>;
  readonly outer: Scope | null;
}

const NO_PREFIXES: Scope = { prefixes: new Set(["xml"]), outer: null };

/**
 * @param root Name of the root element; empty: the only member of the body becomes the root.
 * @throws {FormatError}
 */
export function printXml(tree: Tree, root: string): string {
  const printer = new XmlPrinter();
  if (root !== "") return DECLARATION + printer.element(root, tree, "", NO_PREFIXES);
  const [only, ...others] = isMembers(tree) ? tree : [];
  if (only === undefined || others.length > 0 || isList(only[1]) || /^[@#]/.test(only[0])) {
    throw new FormatError(
      "Without a name for the root element, the body must have exactly one member, and it must not be a list.",
    );
  }
  return DECLARATION + printer.element(only[0], only[1], "", NO_PREFIXES);
}

function isList(tree: Tree): tree is readonly Tree[] {
  return Array.isArray(tree);
}

class XmlPrinter {
  readonly #size = new SizeBound();

  element(name: string, tree: Tree, path: string, outer: Scope): string {
    // Counted before anything is built: a long name repeated for many items can exceed the limit.
    this.#size.add(2 * name.length);
    const here = path === "" ? name : `${path}.${name}`;
    const scope = isMembers(tree) ? scopeOf(tree, outer) : outer;
    const tag = xmlName(name, scope);
    const { attributes, content } = isMembers(tree)
      ? this.#members(tree, here, scope)
      : { attributes: "", content: isList(tree) ? this.#list(ITEM, tree, here, scope) : this.#text(tree, here) };
    return content === "" ? `<${tag}${attributes}/>` : `<${tag}${attributes}>${content}</${tag}>`;
  }

  #members(members: Members, path: string, scope: Scope): { attributes: string; content: string } {
    let attributes = "";
    let content = "";
    for (const [name, part] of members) {
      const isPlain = part === null || typeof part !== "object" || part instanceof NumberText;
      if (name === TEXT && isPlain) content += this.#text(part, path);
      else if (name.length > 1 && name.startsWith("@") && isPlain) {
        attributes += ` ${xmlName(name.slice(1), scope)}="${attributeXml(plainText(part), `${path}.${name}`)}"`;
      } else if (isList(part)) content += this.#list(name, part, path, scope);
      else content += this.element(name, part, path, scope);
    }
    return { attributes, content };
  }

  /** One element per item. The items of a nested list become separate elements. */
  #list(name: string, list: readonly Tree[], path: string, scope: Scope): string {
    return list.map((item) => this.element(name, item, path, scope)).join("");
  }

  #text(value: string | NumberText | boolean | null, path: string): string {
    const text = textXml(plainText(value), path);
    this.#size.add(text.length);
    return text;
  }
}

function scopeOf(members: Members, outer: Scope): Scope {
  const declared = [...members.keys()].filter((name) => name.startsWith("@xmlns:")).map((name) => name.slice(7));
  return declared.length === 0 ? outer : { prefixes: new Set(["xmlns", ...declared]), outer };
}

function isDeclared(prefix: string, scope: Scope | null): boolean {
  return scope !== null && (scope.prefixes.has(prefix) || isDeclared(prefix, scope.outer));
}

const NAME_START =
  /[A-Z_a-z\u{c0}-\u{d6}\u{d8}-\u{f6}\u{f8}-\u{2ff}\u{370}-\u{37d}\u{37f}-\u{1fff}\u{2070}-\u{218f}\u{2c00}-\u{2fef}\u{3001}-\u{d7ff}\u{f900}-\u{fdcf}\u{fdf0}-\u{fffd}\u{10000}-\u{effff}]/u;
const NAME_CHAR = /[-.\d]/;

/**
 * Encodes a name for XML. Characters that are not allowed, and combining marks, become `_xHHHH_` with their hexadecimal code. So does an
 * underscore that starts such a sequence. A colon stays if its prefix is declared.
 */
function xmlName(name: string, scope: Scope): string {
  const prefix = /^([^:]+):[^:]+$/.exec(name)?.[1];
  if (prefix !== undefined && isDeclared(prefix, scope)) {
    return `${encodeName(prefix)}:${encodeName(name.slice(prefix.length + 1))}`;
  }
  return encodeName(name);
}

function encodeName(name: string): string {
  if (name === "") return "_x_";
  let encoded = "";
  let index = 0;
  for (const character of name) {
    const allowed = NAME_START.test(character) || (index > 0 && NAME_CHAR.test(character));
    const looksEncoded = character === "_" && /^_x[\dA-F]*_/.test(name.slice(index));
    encoded += allowed && !looksEncoded ? character : escaped(character);
    index += character.length;
  }
  return encoded;
}

function escaped(character: string): string {
  const code = character.codePointAt(0)!;
  return `_x${code.toString(16).toUpperCase().padStart(4, "0")}_`;
}

function decodeName(name: string): string {
  if (name === "_x_") return "";
  return name.replace(/_x([\dA-F]{4,6})_/g, (whole, hex: string) => {
    const code = Number.parseInt(hex, 16);
    return code > 0x10_ffff ? whole : String.fromCodePoint(code);
  });
}

/** Characters that XML 1.0 cannot represent (production 2): most control characters, and unpaired surrogates. */
const IMPOSSIBLE = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u;

function checked(text: string, path: string): string {
  const found = IMPOSSIBLE.exec(text)?.[0];
  if (found === undefined) return text;
  const code = found.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
  throw new FormatError(`XML cannot represent the character U+${code} in ${path.slice(0, 200)}.`);
}

const TEXT_ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;" };
const ATTRIBUTE_ENTITIES: Readonly<Record<string, string>> = {
  ...TEXT_ENTITIES,
  '"': "&quot;",
  "\n": "&#10;",
  "\t": "&#9;",
};

function textXml(text: string, path: string): string {
  return checked(text, path).replace(/[&<>\r]/g, (character) => TEXT_ENTITIES[character]!);
}

function attributeXml(text: string, path: string): string {
  return checked(text, path).replace(/[&<>\r"\n\t]/g, (character) => ATTRIBUTE_ENTITIES[character]!);
}

/**
 * Returns an object whose only member is the root element. Document types are refused, because the entities they declare enable attacks.
 *
 * @throws {FormatError}
 */
export function readXml(text: string): Tree {
  const document = parse(text);
  if (document.children.some((node) => node instanceof XmlDocumentType)) {
    throw new FormatError("XML with a document type (<!DOCTYPE …>) is not converted.");
  }
  const { root } = document;
  if (root === null) throw new FormatError("The body is XML without a root element.");
  return new Map([[decodeName(root.name), fromElement(root, 1, new Bounds())]]);
}

const ENCODING = /^<\?xml[^>]*encoding\s*=\s*["']([^"']+)["']/;

function parse(text: string): ReturnType<typeof parseXml> {
  const encoding = ENCODING.exec(text.slice(0, 200))?.[1];
  if (encoding !== undefined && !/^(?:utf-?8|us-ascii)$/i.test(encoding)) {
    throw new FormatError(`The body is XML in ${encoding}; only UTF-8 is converted.`);
  }
  try {
    return parseXml(text, { preserveDocumentType: true, preserveCdata: true });
  } catch (cause) {
    if (cause instanceof RangeError) throw new FormatError("The body is nested too deeply.", { cause });
    if (!(cause instanceof XmlError)) throw cause;
    const where = cause.line > 0 ? ` (line ${cause.line})` : "";
    throw new FormatError(`The content type is XML, but the body is not valid XML${where}.`, { cause });
  }
}

function fromElement(node: XmlElement, depth: number, bounds: Bounds): string | Members {
  bounds.enter(depth);
  const members = new Map<string, Tree>();
  for (const [name, value] of Object.entries(node.attributes)) {
    bounds.enter(depth + 1);
    members.set(`@${decodeName(name)}`, value);
  }
  let text = "";
  let hasElements = false;
  for (const child of node.children) {
    if (child instanceof XmlText || child instanceof XmlCdata) text += child.text;
    else if (child instanceof XmlElement) {
      hasElements = true;
      addMember(members, decodeName(child.name), fromElement(child, depth + 1, bounds));
    }
  }
  if (members.size === 0) return text;
  // White space between elements is layout.
  if (text.trim() !== "" || (!hasElements && text !== "")) members.set(TEXT, text);
  return members;
}
