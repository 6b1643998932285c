/** Parses a body into a value to infer a schema from. */
import { readForm } from "../format/form.ts";
import { formatOf } from "../format/media-type.ts";
import { FormatError, isMembers, NumberText, type Tree } from "../format/tree.ts";
import { readXml } from "../format/xml.ts";

/** Value of a JSON, form or XML body. `undefined` for other types and for malformed bodies. */
export function readBody(contentType: string, body: Uint8Array): unknown {
  const text = new TextDecoder().decode(body);
  try {
    switch (formatOf(contentType)) {
      case "form":
        return plain(readForm(text), jsonInForm);
      case "xml":
        return plain(readXml(text), (value) => value);
      case "json":
        return JSON.parse(text) as unknown;
      case null:
        // Some providers send JSON without a content type, or as text.
        return /^\s*[[{]/.test(text) ? (JSON.parse(text) as unknown) : undefined;
    }
  } catch (error) {
    if (error instanceof FormatError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function plain(tree: Tree, ofText: (text: string) => unknown): unknown {
  if (typeof tree === "string") return ofText(tree);
  if (tree instanceof NumberText) return Number(tree.text);
  if (tree === null || typeof tree === "boolean") return tree;
  if (isMembers(tree)) return Object.fromEntries([...tree].map(([name, part]) => [name, plain(part, ofText)]));
  return tree.map((item) => plain(item, ofText));
}

/** Some providers put a JSON object into a form field. */
function jsonInForm(text: string): unknown {
  if (!text.startsWith("{")) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
