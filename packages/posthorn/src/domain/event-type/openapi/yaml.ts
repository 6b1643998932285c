/** Parses YAML in bounded time: no check is quadratic, and aliases cannot multiply the document. */
import { CST, isScalar, Lexer, LineCounter, parseDocument, visit, type YAMLMap } from "yaml";
import { invalid } from "../../../lib/errors.ts";

/** Maximum length of a YAML document, in characters. */
const MAX_YAML = 256 * 1024;
/** Limit of alias expansion, so that YAML aliases cannot make a document grow without bound. */
const MAX_ALIASES = 200;

/**
 * Parses a YAML document. Malicious text takes seconds, so run it in a worker thread.
 *
 * @param field Request field with the text, for error messages.
 */
export function parseYaml(text: string, field: string): unknown {
  if (text.length > MAX_YAML) {
    throw invalid(
      field,
      `YAML documents can have up to ${MAX_YAML} characters; this one has ${text.length}. Convert it to JSON.`,
    );
  }
  checkShape(text, field);
  const lineCounter = new LineCounter();
  // `uniqueKeys` compares each key with all keys before it; `prettyErrors` quotes the source for each of its errors.
  const options = { lineCounter, uniqueKeys: false, prettyErrors: false, logLevel: "silent" } as const;
  const document = parseDocument(text, options);
  const [error] = document.errors;
  if (error !== undefined) {
    throw invalid(
      field,
      `The document is neither JSON nor YAML: ${sentence(error.message)}${at(lineCounter, error.pos[0])}.`,
    );
  }
  visit(document, { Map: (_key, map) => refuseDuplicates(map, lineCounter, field) });
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (cause) {
    // The library throws for too many aliases and for a recursive alias.
    throw invalid(field, `The YAML cannot be read: ${sentence((cause as Error).message)}.`);
  }
}

/** Maximum number of tokens. Each takes about 1 kB during parsing. An ordinary document of maximum length has half as many. */
const MAX_TOKENS = 100_000;
/** Maximum depth of nested flow collections, and of block collections that begin on one line. */
const MAX_NESTING = 200;

/**
 * Rejects text that would take much memory, before the parser builds a tree. Nesting by indentation needs no limit, because each level
 * requires a longer line.
 */
function checkShape(text: string, field: string): void {
  let tokens = 0;
  let flow = 0;
  let block = 0;
  for (const lexeme of new Lexer().lex(text)) {
    const type = CST.tokenType(lexeme);
    if (++tokens > MAX_TOKENS)
      throw invalid(field, `YAML documents can have up to ${MAX_TOKENS} tokens. Convert it to JSON.`);
    if (type === "newline") block = 0;
    else if (type === "flow-seq-start" || type === "flow-map-start") flow++;
    else if (type === "flow-seq-end" || type === "flow-map-end") flow--;
    else if (type === "seq-item-ind" || type === "explicit-key-ind") block++;
    if (flow > MAX_NESTING || block > MAX_NESTING) {
      throw invalid(field, `The YAML is nested more than ${MAX_NESTING} levels deep.`);
    }
  }
}

function refuseDuplicates(map: YAMLMap, lineCounter: LineCounter, field: string): void {
  const seen = new Set<string>();
  for (const { key } of map.items) {
    if (!isScalar(key)) continue;
    // As JSON, `1` and `"1"` are the same key.
    const name = String(key.value);
    if (seen.has(name)) {
      const shown = name.length > 64 ? `${name.slice(0, 64)}…` : name;
      throw invalid(
        field,
        `The key "${shown}" appears twice in the same map${at(lineCounter, key.range?.[0])}. Remove one.`,
      );
    }
    seen.add(name);
  }
}

function at(lineCounter: LineCounter, offset: number | undefined): string {
  return offset === undefined ? "" : ` at line ${lineCounter.linePos(offset).line}`;
}

/** Start of a library message, which may quote the document. */
function sentence(message: string): string {
  return message.split("\n", 1)[0]!.slice(0, 200).replace(/[.:]$/, "");
}
