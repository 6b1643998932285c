/** Compiles filters. A filter is checked completely when it is saved, so that evaluating it on a message raises no syntax errors. */
import { MAX_CLASS_WORK, type SafeRegex } from "../lib/safe-regex.ts";
import { isObject, mismatch } from "./evaluate.ts";
import { pathBeyond } from "../lib/json-depth.ts";
import { parseWithBigInts, printStart } from "./json.ts";
import { type CompileContext, OPERATORS } from "./operators.ts";
import type { Group, KeyClause, Nested, Node, ObjectNode, Operator, Primitive, Run } from "./types.ts";

/** Maximum size of a filter as JSON, in bytes. */
export const MAX_FILTER_BYTES = 16_384;
const MAX_DEPTH = 32;
const MAX_CLAUSES = 500;
const MAX_REGEXES = 20;
/** Maximum number of instructions in all regular expressions of a filter. */
const MAX_REGEX_SIZE = 5000;
/** Maximum work caused by the character classes of all regular expressions of a filter: about 20 ms. */
const MAX_REGEX_CLASS_WORK = 2 * MAX_CLASS_WORK;
/** Maximum number of steps for one filter on one message. A step is about one comparison. */
export const MAX_STEPS = 50_000;

/** Error in a filter, with a message for its author. */
export class FilterSyntaxError extends Error {
  override readonly name = "FilterSyntaxError";
  /** The clause, such as `body.amount.$gt`; empty for the filter as a whole. */
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

/** Result of evaluating a filter on a document. */
export type Verdict =
  | { readonly matched: true }
  /** `clause`: the first clause that does not hold. `found`: the value at that place; `undefined` if there is none. */
  | { readonly matched: false; readonly clause: string; readonly found: unknown };

export class CompiledFilter {
  readonly #root: Node;
  /** First names of its clauses: the parts of a document that the filter reads. */
  readonly roots: ReadonlySet<string>;
  /** Whether the filter contains an integer that a double cannot represent, so that payloads must be parsed exactly. */
  readonly exact: boolean;

  constructor(root: Node, roots: ReadonlySet<string>, exact: boolean) {
    this.#root = root;
    this.roots = roots;
    this.exact = exact;
  }

  /**
   * Returns the path of the first clause that does not hold for the document, or `null` if all hold. Deducts from `budget.steps`.
   *
   * @throws {FilterError} if it takes more steps than one filter may take, or than `budget` has left.
   */
  failingClause(document: object, budget: { steps: number } = { steps: MAX_STEPS }): string | null {
    return this.#evaluate(document, budget).clause;
  }

  /** Like `failingClause`, with the value that was found. */
  explain(document: object): Verdict {
    const { clause, found } = this.#evaluate(document, { steps: MAX_STEPS });
    if (clause === null) return { matched: true };
    return { matched: false, clause, found: typeof found === "symbol" ? undefined : found };
  }

  #evaluate(document: object, budget: { steps: number }): { clause: string | null; found: unknown } {
    const allowed = Math.min(budget.steps, MAX_STEPS);
    const run: Run = { steps: allowed, depth: 0, found: undefined };
    try {
      const clause = mismatch(this.#root, document, run);
      return { clause, found: run.found };
    } finally {
      budget.steps -= allowed - run.steps;
    }
  }
}

/**
 * Compiles the JSON of a filter.
 *
 * @param roots Names allowed for the outermost clauses; all names are allowed if absent.
 * @throws {FilterSyntaxError}
 */
export function compileFilter(json: string, roots?: ReadonlySet<string>): CompiledFilter {
  if (Buffer.byteLength(json) > MAX_FILTER_BYTES) {
    throw new FilterSyntaxError("", `A filter can have up to ${MAX_FILTER_BYTES} bytes.`);
  }
  const value = parse(json);
  if (!isObject(value))
    throw new FilterSyntaxError("", 'A filter is an object such as {"body": {"amount": {"$gt": 100}}}.');
  const compiler = new Compiler();
  const root = compiler.compile(value, "");
  const used = rootsOf(root);
  for (const name of used) {
    if (roots !== undefined && !roots.has(name)) {
      throw new FilterSyntaxError(
        name,
        `A message has no "${name}": begin with one of ${[...roots].join(", ")}. What you published is under "body".`,
      );
    }
  }
  return new CompiledFilter(root, used, hasBigInt(value));
}

function parse(json: string): unknown {
  try {
    const value = parseWithBigInts(json);
    if (pathBeyond(value, MAX_DEPTH) === null) return value;
  } catch (error) {
    // `JSON.parse` accepts any depth, but its reviver recurses and can exhaust the stack.
    if (!(error instanceof RangeError)) throw error;
  }
  throw new FilterSyntaxError("", `A filter can be up to ${MAX_DEPTH} levels deep.`);
}

/** The outermost keys, including those inside `$and`, `$or` and `$not`. */
function rootsOf(node: Node): Set<string> {
  if (node.kind !== "object" || node.nested === null) return new Set();
  const { keys, groups } = node.nested;
  const names = keys.map(({ key }) => key);
  return new Set([...names, ...groups.flatMap((group) => group.nodes.flatMap((inner) => [...rootsOf(inner)]))]);
}

function hasBigInt(value: unknown): boolean {
  if (typeof value === "bigint") return true;
  return typeof value === "object" && value !== null && Object.values(value).some(hasBigInt);
}

const GROUPS: ReadonlyMap<string, Group["kind"]> = new Map([
  ["$and", "and"],
  ["$or", "or"],
  ["$not", "not"],
]);
/** Array index. */
const INDEX = /^\[(\*|-?\d{1,6})\]$/;

class Compiler implements CompileContext {
  #clauses = 0;
  #regexes = 0;
  #regexSize = 0;
  #classWork = 0;

  compile(value: unknown, path: string): Node {
    if (++this.#clauses > MAX_CLAUSES) this.fail(path, `A filter may have ${MAX_CLAUSES} clauses.`);
    return this.#node(value, path);
  }

  countRegex(path: string): void {
    if (++this.#regexes > MAX_REGEXES) this.fail(path, `A filter may have ${MAX_REGEXES} regular expressions.`);
  }

  countRegexCost({ size, classWork }: SafeRegex, path: string): void {
    this.#regexSize += size;
    this.#classWork += classWork;
    if (this.#regexSize <= MAX_REGEX_SIZE && this.#classWork <= MAX_REGEX_CLASS_WORK) return;
    this.fail(
      path,
      "The regular expressions of this filter are too large together: use fewer or smaller repetitions and Unicode classes (\\p{…}).",
    );
  }

  fail(path: string, message: string): never {
    throw new FilterSyntaxError(path, message);
  }

  #node(value: unknown, path: string): Node {
    if (Array.isArray(value)) {
      return { kind: "list", path, items: value.map((item, place) => this.compile(item, `${path}[${place}]`)) };
    }
    if (isObject(value)) return this.#object(value, path);
    return { kind: "equal", path, value: value as Primitive };
  }

  #object(value: Record<string, unknown>, path: string): ObjectNode {
    const operators: Operator[] = [];
    const groups: Group[] = [];
    const keys: KeyClause[] = [];
    for (const [name, operand] of Object.entries(value)) {
      const here = path === "" ? shown(name) : `${path}.${shown(name)}`;
      const compileOperator = OPERATORS.get(name);
      const group = GROUPS.get(name);
      if (compileOperator !== undefined) {
        if (path === "") this.fail(here, "An operator must be inside the key that it applies to.");
        operators.push({ path: here, expected: operand, ...compileOperator(operand, here, this) });
      } else if (group === undefined) keys.push(this.#key(name, operand, here));
      else groups.push(this.#group(group, operand, here));
    }
    const nested: Nested | null = operators.length > 0 && keys.length + groups.length === 0 ? null : { keys, groups };
    return { kind: "object", path, operators, nested };
  }

  #group(kind: Group["kind"], operand: unknown, path: string): Group {
    if (kind === "not") return { kind, path, nodes: [this.compile(operand, path)] };
    if (!Array.isArray(operand) || operand.length === 0) this.fail(path, "It takes a list of one or more filters.");
    const nodes = (operand as unknown[]).map((item, place) => this.compile(item, `${path}[${place}]`));
    return { kind, path, nodes };
  }

  #key(name: string, operand: unknown, path: string): KeyClause {
    if (name.startsWith("$") && !name.startsWith("$$")) {
      this.fail(
        path,
        `There is no operator ${shown(name)}. It is one of ${[...OPERATORS.keys(), ...GROUPS.keys()].join(", ")}; write a key that begins with $ as $$.`,
      );
    }
    const place = INDEX.exec(name)?.[1];
    const index = place === undefined ? null : place === "*" ? "any" : Number(place);
    return { key: name.startsWith("$$") ? name.slice(1) : name, index, node: this.compile(operand, path) };
  }
}

/** A name for use in a path: shortened, and quoted if it contains unusual characters. */
function shown(name: string): string {
  const short = name.length > 64 ? `${name.slice(0, 64)}…` : name;
  return /^[\w$[\]*@:/+…-]+$/.test(short) ? short : JSON.stringify(short);
}

/** A found value as JSON, truncated to `limit` characters. */
export function preview(value: unknown, limit = 200): string {
  const text = printStart(value, limit + 1);
  return text.length > limit ? `${text.slice(0, limit)}…` : text;
}
