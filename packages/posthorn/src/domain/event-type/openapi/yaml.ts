/** Reads YAML in bounded time: no check is quadratic in the document, and aliases cannot multiply it. */
import { isScalar, LineCounter, parseDocument, visit, type YAMLMap } from "yaml";
import { invalid } from "../../../errors.ts";

/** Characters of a YAML document. The parser needs about a second for this much hostile text. */
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
    throw invalid(field, `YAML may have ${MAX_YAML} characters, and this has ${text.length}: convert it to JSON.`);
  }
  const lineCounter = new LineCounter();
  // `uniqueKeys` compares each key with all keys before it; `prettyErrors` quotes the source for each of its errors.
  const options = { lineCounter, uniqueKeys: false, prettyErrors: false, logLevel: "silent" } as const;
  const document = parseDocument(text, options);
  const [error] = document.errors;
  if (error !== undefined) {
    throw invalid(field, `Neither JSON nor YAML: ${sentence(error.message)}${at(lineCounter, error.pos[0])}.`);
  }
  visit(document, { Map: (_key, map) => refuseDuplicates(map, lineCounter, field) });
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (cause) {
    // The library throws for too many aliases, and for one that contains itself.
    throw invalid(field, `The YAML cannot be read: ${sentence((cause as Error).message)}.`);
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
        `The key "${shown}" appears twice in one map${at(lineCounter, key.range?.[0])}: remove one.`,
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
