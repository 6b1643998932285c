/** One serialisation of a JSON document. */
export interface JsonWriting {
  /** Describes the serialisation, to follow "the sender signed it". */
  readonly style: string;
  readonly written: string;
}

const LAYOUTS: readonly (readonly [style: string, write: (text: string) => string | undefined])[] = [
  ["without spaces", (text) => layout(text, "", ",", ":")],
  ["with a space after commas and colons (Python's json.dumps)", (text) => layout(text, "", ", ", ": ")],
  ["with a space after colons", (text) => layout(text, "", ",", ": ")],
  ["indented by 2 spaces", (text) => layout(text, "  ", ",", ": ")],
  ["indented by 4 spaces", (text) => layout(text, "    ", ",", ": ")],
  ["indented by tabs", (text) => layout(text, "\t", ",", ": ")],
];

const ESCAPES: readonly (readonly [style: string, write: (text: string) => string])[] = [
  ["", (text) => text],
  [", with non-ASCII characters escaped (Python)", (text) => escapeAscii(text)],
  [", with slashes and non-ASCII characters escaped (PHP)", (text) => escapeAscii(text.replaceAll("/", "\\/"))],
  [", with slashes escaped (PHP)", (text) => text.replaceAll("/", "\\/")],
  [", with <, > and & escaped (Go)", escapeHtml],
  [", with <, >, & and ' escaped (.NET)", (text) => escapeHtml(text).replaceAll("'", "\\u0027")],
  [", with escapes resolved", unescape],
];

/**
 * Serialisations of a document by common libraries. Numbers and the order of keys stay as they are in the text, because
 * a parser may have lost the original: it cannot distinguish `1.0` from `1`.
 */
export function* jsonWritings(text: string): Generator<JsonWriting> {
  if (!isDocument(text)) return;
  for (const [layoutStyle, lay] of LAYOUTS) {
    const laid = lay(text);
    if (laid === undefined) continue;
    for (const [escapeStyle, escape] of ESCAPES) {
      const written = escape(laid);
      if (escapeStyle === "" || written !== laid) yield { style: layoutStyle + escapeStyle, written };
    }
  }
}

function isDocument(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null;
  } catch {
    return false;
  }
}

const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/g;
/**
 * Maximum depth of an indented layout. A line at level n starts with n indents, so layouts of deeper documents
 * explode.
 */
const MAX_INDENTED_DEPTH = 100;
/** Maximum size of a layout relative to its document. */
const MAX_GROWTH = 4;
/** Size in characters that a layout may always have. */
const ALWAYS_ALLOWED = 65_536;

/**
 * Lays out the tokens of a valid document again without changing any token; `undefined` when the result would be too
 * long.
 */
function layout(text: string, indent: string, comma: string, colon: string): string | undefined {
  const limit = Math.max(MAX_GROWTH * text.length, ALWAYS_ALLOWED);
  let out = "";
  let depth = 0;
  let previous = "";
  const line = () => (indent === "" ? "" : `\n${indent.repeat(depth)}`);
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === "}" || token === "]") {
      depth -= 1;
      out += previous === "{" || previous === "[" ? token : line() + token;
    } else if (token === ":") out += colon;
    else if (token === ",") out += (indent === "" ? comma : ",") + line();
    else {
      out += (previous === "{" || previous === "[" ? line() : "") + token;
      if (token === "{" || token === "[") depth += 1;
    }
    if ((indent !== "" && depth > MAX_INDENTED_DEPTH) || out.length > limit) return undefined;
    previous = token;
  }
  return out;
}

function escapeAscii(text: string): string {
  return text.replace(/[\u0080-\uffff]/g, escapeUnit);
}

function escapeHtml(text: string): string {
  return text.replace(/[<>&]/g, escapeUnit);
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Resolves escapes that no string requires: characters beyond ASCII, slashes, HTML. */
function unescape(text: string): string {
  return text.replaceAll("\\/", "/").replace(/\\u([0-9a-f]{4})/gi, (whole, hex: string) => {
    const code = Number.parseInt(hex, 16);
    return code < 0x20 || code === 0x22 || code === 0x5c ? whole : String.fromCharCode(code);
  });
}
