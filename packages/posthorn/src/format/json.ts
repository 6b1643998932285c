/** Converts JSON to a tree and back. Numbers keep their original notation. */
import { Bounds, FormatError, isMembers, NumberText, type Tree } from "./tree.ts";

type ReviverContext = { readonly source?: string };

/** @throws {FormatError} */
export function readJson(text: string): Tree {
  let value: unknown;
  try {
    // The type definitions do not include the third parameter yet.
    value = JSON.parse(text, (_key, part: unknown, context?: ReviverContext) =>
      typeof part === "number" ? new NumberText(context!.source!) : part,
    );
  } catch (cause) {
    const tooDeep = cause instanceof RangeError;
    throw new FormatError(
      tooDeep ? "The body is nested too deeply." : "The content type is JSON, but the body is not valid JSON.",
      {
        cause,
      },
    );
  }
  return toTree(value, 0, new Bounds());
}

function toTree(value: unknown, depth: number, bounds: Bounds): Tree {
  bounds.enter(depth);
  if (value === null || typeof value !== "object" || value instanceof NumberText) return value as Tree;
  if (Array.isArray(value)) return value.map((item) => toTree(item, depth + 1, bounds));
  return new Map(Object.entries(value).map(([name, part]) => [name, toTree(part, depth + 1, bounds)]));
}

export function printJson(tree: Tree): string {
  if (tree instanceof NumberText) return tree.text;
  if (isMembers(tree)) {
    return `{${[...tree].map(([name, part]) => `${JSON.stringify(name)}:${printJson(part)}`).join(",")}}`;
  }
  if (typeof tree === "object" && tree !== null) return `[${tree.map(printJson).join(",")}]`;
  return JSON.stringify(tree);
}
