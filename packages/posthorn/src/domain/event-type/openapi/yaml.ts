/** Reads YAML in bounded time: no check is quadratic in the document, and aliases cannot multiply it. */
import { CST, isScalar, Lexer, LineCounter, parseDocument, visit, type YAMLMap } from "yaml";
import { invalid } from "../../../lib/errors.ts";

/** Characters of a YAML document. */
const MAX_YAML = 256 * 1024;
/** A document may repeat itself by YAML aliases, but not grow without bound by them. */
const MAX_ALIASES = 200;

/**
 * Parses a YAML document. Takes seconds for hostile text, so it belongs in a worker thread.
 *
 * @param field Where the text is in the request, for error messages.
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
    // The library throws for too many aliases, and for one that contains itself.
    throw invalid(field, `The YAML cannot be read: ${sentence((cause as Error).message)}.`);
  }
}

/** Tokens of a document: each takes about a kilobyte while it is parsed. An ordinary document of the largest size has half as many. */
const MAX_TOKENS = 100_000;
/** Flow collections in each other, and block collections that begin on one line. */
const MAX_NESTING = 200;

/**
 * Refuses text that would take much memory, before the parser builds a tree of it. Levels by indentation need no bound, since each of their
 * lines must be longer than the one before.
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

/** The beginning of a message of the library, which may quote the document. */
function sentence(message: string): string {
  return message.split("\n", 1)[0]!.slice(0, 200).replace(/[.:]$/, "");
}
