/**
 * Converts forms (`application/x-www-form-urlencoded`) to a tree and back. Names express nesting: `customer[name]=Ada`, `items[0][sku]=A1`.
 */
import { addMember, Bounds, FormatError, isMembers, NumberText, plainText, SizeBound, type Tree } from "./tree.ts";

const MAX_PAIRS = 10_000;

/** @throws {FormatError} if the tree is not an object, or has a name that a form cannot represent. */
export function printForm(tree: Tree): string {
  if (!isMembers(tree)) throw new FormatError("To become a form, the body must be a JSON object.");
  const pairs: string[] = [];
  const size = new SizeBound();
  for (const [name, part] of tree) {
    if (name === "") throw new FormatError("A form cannot have a member with an empty name.");
    collect(checked(name), part, pairs, size);
  }
  return pairs.join("&");
}

function collect(name: string, tree: Tree, pairs: string[], size: SizeBound): void {
  if (isMembers(tree)) {
    for (const [key, part] of tree) collect(`${name}[${checked(key)}]`, part, pairs, size);
    return;
  }
  if (tree !== null && typeof tree === "object" && !(tree instanceof NumberText)) {
    for (const [index, part] of tree.entries()) collect(`${name}[${index}]`, part, pairs, size);
    return;
  }
  if (pairs.length >= MAX_PAIRS) throw new FormatError(`A form can have up to ${MAX_PAIRS} values.`);
  const value = plainText(tree);
  size.add(name.length + value.length);
  pairs.push(`${encode(name)}=${encode(value)}`);
}

/** Rejects brackets in a name: they would be read as nesting and could add members. */
function checked(name: string): string {
  if (!/[[\]]/.test(name)) return name;
  throw new FormatError(
    `The name ${JSON.stringify(name.slice(0, 64))} contains a bracket, which would be read as nesting in a form.`,
  );
}

/** Encodes as browsers do, but leaves brackets readable. */
function encode(text: string): string {
  if (!text.isWellFormed())
    throw new FormatError("A string contains half of a surrogate pair, which cannot be encoded in UTF-8.");
  const encoded = new URLSearchParams([[text, ""]]).toString().slice(0, -1);
  return encoded.replaceAll("%5B", "[").replaceAll("%5D", "]");
}

/** @throws {FormatError} if the names contradict each other, or if there are too many. */
export function readForm(text: string): Tree {
  const root = new Map<string, Tree>();
  const bounds = new Bounds();
  let pairs = 0;
  for (const [name, value] of new URLSearchParams(text)) {
    if (++pairs > MAX_PAIRS) throw new FormatError(`A form can have up to ${MAX_PAIRS} values.`);
    place(root, pathOf(name), value, bounds);
  }
  return finished(root);
}

/** Splits `a[b][]` into `a`, `b` and an empty key, which means the next position in a list. A name without this form is kept whole. */
function pathOf(name: string): readonly string[] {
  const match = /^([^[\]]+)((?:\[[^[\]]*\])+)$/.exec(name);
  if (match === null) return [name];
  const keys = match[2]!.slice(1, -1).split("][");
  return [match[1]!, ...keys];
}

function place(root: Map<string, Tree>, path: readonly string[], value: string, bounds: Bounds): void {
  let members = root;
  for (const [depth, key] of path.slice(0, -1).entries()) {
    bounds.enter(depth + 1);
    const name = key === "" ? String(members.size) : key;
    const known = members.get(name);
    if (known !== undefined && !(known instanceof Map)) throw contradiction(path);
    const next = known ?? new Map<string, Tree>();
    if (known === undefined) members.set(name, next);
    members = next as Map<string, Tree>;
  }
  bounds.enter(path.length);
  const last = path.at(-1)!;
  const name = last === "" && path.length > 1 ? String(members.size) : last;
  if (members.get(name) instanceof Map) throw contradiction(path);
  addMember(members, name, value);
}

function contradiction(path: readonly string[]): FormatError {
  const [first, ...rest] = path;
  const name = `${first}${rest.map((key) => `[${key}]`).join("")}`.slice(0, 64);
  return new FormatError(`The form field ${JSON.stringify(name)} has both a value and members.`);
}

/** Turns members named 0, 1, 2 … in this order into lists. */
function finished(tree: Tree, depth = 0): Tree {
  if (!isMembers(tree)) return tree;
  const parts = [...tree].map(([name, part]) => [name, finished(part, depth + 1)] as const);
  const isList = depth > 0 && parts.every(([name], index) => name === String(index));
  return isList ? parts.map(([, part]) => part) : new Map(parts);
}
