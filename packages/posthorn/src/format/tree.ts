/**
 * Data model shared by JSON, XML and forms: texts, lists and named members. A conversion reads one format into a tree and prints the tree
 * in another.
 */

/** A number in its original notation, so that `1.0` and `12345678901234567890` stay unchanged. */
export class NumberText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Tree = string | NumberText | boolean | null | readonly Tree[] | Members;
/** In input order. A map, so that names such as `__proto__` have no special meaning. */
export type Members = ReadonlyMap<string, Tree>;

/** Maximum depth of a tree. */
export const MAX_DEPTH = 64;
/** Maximum number of values, lists and members in a tree. */
export const MAX_NODES = 200_000;

/** Maximum size of a body to convert, and of the result, in bytes. */
export const MAX_CONVERTED_BYTES = 4 * 1024 * 1024;

/** The body cannot be converted. The message says why, and where. */
export class FormatError extends Error {
  override readonly name = "FormatError";
}

export function isMembers(tree: Tree): tree is Members {
  return tree instanceof Map;
}

/** The text of a scalar, the same in every format; empty for null. */
export function plainText(tree: string | NumberText | boolean | null): string {
  if (tree === null) return "";
  return tree instanceof NumberText ? tree.text : String(tree);
}

/** Counts the nodes of a tree as it is read, and throws before it becomes too large. */
export class Bounds {
  #nodes = 0;

  enter(depth: number): void {
    if (depth > MAX_DEPTH) throw new FormatError(`The body is nested deeper than ${MAX_DEPTH} levels.`);
    if (++this.#nodes > MAX_NODES) throw new FormatError(`The body has more than ${MAX_NODES} values.`);
  }
}

/** Counts output before it is built: long names can turn a short body into a very long one. */
export class SizeBound {
  #left = MAX_CONVERTED_BYTES;

  add(characters: number): void {
    this.#left -= characters;
    if (this.#left < 0) throw new FormatError(`The converted body has more than ${MAX_CONVERTED_BYTES} bytes.`);
  }
}

/** Adds a member. A repeated name becomes a list, which is unambiguous because `value` is never a list. */
export function addMember(members: Map<string, Tree>, name: string, value: Exclude<Tree, readonly Tree[]>): void {
  const known = members.get(name);
  if (known === undefined) members.set(name, value);
  else if (Array.isArray(known)) known.push(value);
  else members.set(name, [known, value]);
}
