/**
 * What JSON, XML and forms have in common: texts, lists and named members. Conversions go from one of them to a tree, and from the
 * tree to another.
 */

/** A number as it was written: `1.0` and `12345678901234567890` stay what they are. */
export class NumberText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Tree = string | NumberText | boolean | null | readonly Tree[] | Members;
/** In the order they came; a map, so that no name means anything to the engine. */
export type Members = ReadonlyMap<string, Tree>;

/** Levels of a tree. */
export const MAX_DEPTH = 64;
/** Texts, lists and members of a tree. */
export const MAX_NODES = 200_000;

/** Bytes of a body that is converted, and of what comes of it. */
export const MAX_CONVERTED_BYTES = 4 * 1024 * 1024;

/** The body cannot be brought into the other format. The message says why, and where, for people. */
export class FormatError extends Error {
  override readonly name = "FormatError";
}

export function isMembers(tree: Tree): tree is Members {
  return tree instanceof Map;
}

/** The text of a value that has no parts, as every format writes it; empty for null. */
export function plainText(tree: string | NumberText | boolean | null): string {
  if (tree === null) return "";
  return tree instanceof NumberText ? tree.text : String(tree);
}

/** Counts what a tree is made of while it is read or written, and ends it before it is too large. */
export class Bounds {
  #nodes = 0;

  enter(depth: number): void {
    if (depth > MAX_DEPTH) throw new FormatError(`The body is nested deeper than ${MAX_DEPTH} levels.`);
    if (++this.#nodes > MAX_NODES) throw new FormatError(`The body has more than ${MAX_NODES} values.`);
  }
}

/** Counts what is written before it is there: a short body with long names can become a very long one. */
export class SizeBound {
  #left = MAX_CONVERTED_BYTES;

  add(characters: number): void {
    this.#left -= characters;
    if (this.#left < 0) throw new FormatError(`What the body is made into has more than ${MAX_CONVERTED_BYTES} bytes.`);
  }
}

/** Puts a member in. A name that comes more than once has a list; no value is one by itself. */
export function addMember(members: Map<string, Tree>, name: string, value: Exclude<Tree, readonly Tree[]>): void {
  const known = members.get(name);
  if (known === undefined) members.set(name, value);
  else if (Array.isArray(known)) known.push(value);
  else members.set(name, [known, value]);
}
