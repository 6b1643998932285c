/** Bodies for a route, made from its schema: a valid one, and ones that are valid except for one hostile member. */
import { createHash } from "node:crypto";
import { isNightly } from "@posthorn/testkit";

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly pattern?: string;
  readonly minItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
}

export type Schemas = Readonly<Record<string, Schema>>;

export interface HostileBody {
  /** The attacked member, and its value. */
  readonly title: string;
  readonly text: string;
}

/** Placeholder for the hostile value during serialisation: `JSON.stringify` cannot print some of those values. */
const PLACEHOLDER = "@hostile@";
/** Levels of objects and lists in the schema in which members are attacked. */
const MAX_LEVELS = 5;

/** Hostile values that each schema gets in place of a body. */
const WHOLE_BODIES = 3;

const DEPTH = 50_000;
const WIDTH = 100_000;

const VALUES: ReadonlyMap<string, string> = new Map([
  ["deep objects", `${'{"a":'.repeat(DEPTH)}1${"}".repeat(DEPTH)}`],
  ["deep lists", `${"[".repeat(DEPTH)}${"]".repeat(DEPTH)}`],
  ["100,000 members", `{${Array.from({ length: WIDTH }, (_, place) => `"k${place}":0`).join(",")}}`],
  ["100,000 items", `[${Array.from({ length: WIDTH }, (_, place) => `"v${place}"`).join(",")}]`],
  ["a long name", `{"${"k".repeat(1_000_000)}":0}`],
  ["a long sequence of repetitions", JSON.stringify({ $regex: "a{1000}".repeat(142) })],
  ["nested repetitions", JSON.stringify({ $regex: "(((a+)+)+)+$" })],
  ["many alternatives", JSON.stringify({ $or: Array.from({ length: 5000 }, () => ({ a: 1 })) })],
]);

const SILENT = "a name of a silent resolver";

const TEXTS: ReadonlyMap<string, string> = new Map(
  (
    [
      ["a long sequence of repetitions", "a{1000}".repeat(142)],
      ["optional repetitions", "a{0,1000}".repeat(110)],
      ["nested repetitions", `${"(".repeat(200)}a${"+)+".repeat(200).slice(0, 200)}$`],
      ["a long text", "x".repeat(300_000)],
      [SILENT, "https://silent.example.com/"],
      ["many opening brackets", "[".repeat(20_000)],
      ["an expression that descends", `$${"..*".repeat(300)}`],
    ] as const
  ).map(([title, text]) => [title, JSON.stringify(text)]),
);

const YAML: ReadonlyMap<string, string> = new Map(
  (
    [
      ["many keys", Array.from({ length: 60_000 }, (_, place) => `k${place}: 1`).join("\n")],
      [
        "aliases of aliases",
        `a: &a [x]\n${"bcdefghi"
          .split("")
          .map((name, place) => `${name}: &${name} [${`*${"abcdefghi"[place]!},`.repeat(9)}]`)
          .join("\n")}`,
      ],
      ["nested lists", "[".repeat(20_000)],
      ["escapes", `"${"\\u0041".repeat(100_000)}"`],
      ["comments", "# comment\n".repeat(60_000)],
    ] as const
  ).map(([title, text]) => [title, JSON.stringify(text)]),
);

export class Bodies {
  readonly #schemas: Schemas;
  readonly #hints: Readonly<Record<string, unknown>>;
  /** Names and schemas of members that were attacked in another body. */
  readonly #attacked = new Set<string>();

  /** @param hints Valid values of members by name, where their schema does not define what is valid. */
  constructor(schemas: Schemas, hints: Readonly<Record<string, unknown>>) {
    this.#schemas = schemas;
    this.#hints = hints;
  }

  valid(schema: Schema, name = ""): unknown {
    const resolved = this.#resolve(schema);
    if (Object.hasOwn(this.#hints, name)) return this.#hints[name];
    if (resolved.const !== undefined) return resolved.const;
    if (resolved.enum !== undefined) return resolved.enum[0];
    const [variant] = this.#variants(resolved);
    if (variant !== undefined) return this.valid(variant, name);
    switch (typeOf(resolved)) {
      case "string":
        return resolved.format === "date-time"
          ? new Date().toISOString()
          : "abcdefgh".slice(0, resolved.maxLength ?? 8);
      case "integer":
      case "number":
        return resolved.minimum ?? 1;
      case "boolean":
        return false;
      case "array":
        return resolved.minItems ? [this.valid(resolved.items ?? {})] : [];
      case "null":
        return null;
      case "object":
      case undefined:
      default:
        return Object.fromEntries(
          this.#needed(resolved).map((member) => [member, this.valid(resolved.properties?.[member] ?? {}, member)]),
        );
    }
  }

  /**
   * Bodies that are hostile as a whole, of which each schema gets some (all in the nightly run), and bodies that are valid except for one
   * member. A member of the same name and schema is attacked once in the whole document; a URL is attacked everywhere, because its use
   * differs.
   */
  *hostile(schema: Schema): Generator<HostileBody> {
    for (const [title, text] of wholeBodiesFor(schema)) yield { title: `${title} in place of the body`, text };
    for (const { path, schema: member } of this.#members(schema, [], 0)) {
      const name = path.at(-1)!;
      const print = (text: string): string =>
        JSON.stringify(this.#with(schema, path)).replace(JSON.stringify(PLACEHOLDER), () => text);
      const kind = `${name} ${JSON.stringify(member)}`;
      const isNew = !this.#attacked.has(kind);
      this.#attacked.add(kind);
      for (const [title, text] of this.#valuesFor(name, member)) {
        if (isNew || (title === SILENT && /url/i.test(name)))
          yield { title: `${title} in ${path.join(".")}`, text: print(text) };
      }
    }
  }

  *#valuesFor(name: string, schema: Schema): Generator<readonly [string, string]> {
    const type = typeOf(schema);
    if (type === undefined || (type === "object" && schema.properties === undefined)) yield* VALUES;
    if (type === "array") yield ["100,000 items", VALUES.get("100,000 items")!];
    if (type === "string" && schema.enum === undefined) yield* TEXTS;
    if (/raw|yaml/i.test(name)) yield* YAML;
  }

  /** Names of the members of a valid object: the required ones, and a payload, which has other names too. */
  #needed({ required = [], properties = {} }: Schema): readonly string[] {
    return "payload" in properties ? [...required, "payload"] : required;
  }

  /** Every member of a body, at any level. */
  *#members(
    schema: Schema,
    path: readonly string[],
    level: number,
  ): Generator<{ readonly path: readonly string[]; readonly schema: Schema }> {
    if (level > MAX_LEVELS) return;
    const resolved = this.#resolve(schema);
    const variants = this.#variants(resolved);
    if (path.length > 0 && variants.length === 0) yield { path, schema: resolved };
    for (const variant of variants) yield* this.#members(variant, path, level);
    for (const [name, member] of Object.entries(resolved.properties ?? {})) {
      yield* this.#members(member, [...path, name], level + 1);
    }
    for (const entry of entriesOf(resolved)) yield* this.#members(entry, [...path, "key"], level + 1);
    if (resolved.items !== undefined) yield* this.#members(resolved.items, [...path, "[0]"], level + 1);
  }

  /** A valid value with the placeholder at this path. */
  #with(schema: Schema, [name, ...rest]: readonly string[]): unknown {
    if (name === undefined) return PLACEHOLDER;
    const resolved = this.#resolve(schema);
    const variant = this.#variants(resolved).find((candidate) => this.#has(candidate, [name, ...rest]));
    if (variant !== undefined) return this.#with(variant, [name, ...rest]);
    if (name === "[0]") return [this.#with(resolved.items ?? {}, rest)];
    const member = resolved.properties?.[name] ?? entriesOf(resolved)[0] ?? {};
    return { ...(this.valid({ ...resolved, anyOf: [] }) as object), [name]: this.#with(member, rest) };
  }

  #has(schema: Schema, [name, ...rest]: readonly string[]): boolean {
    if (name === undefined) return true;
    const resolved = this.#resolve(schema);
    const variants = this.#variants(resolved);
    if (variants.some((variant) => this.#has(variant, [name, ...rest]))) return true;
    const inner =
      name === "[0]"
        ? resolved.items
        : (resolved.properties?.[name] ?? (name === "key" ? entriesOf(resolved)[0] : undefined));
    return inner !== undefined && this.#has(inner, rest);
  }

  #variants({ anyOf = [], oneOf = [], allOf = [] }: Schema): readonly Schema[] {
    return [...anyOf, ...oneOf, ...allOf].filter((schema) => this.#resolve(schema).type !== "null");
  }

  #resolve(schema: Schema): Schema {
    if (schema.$ref === undefined) return schema;
    return this.#resolve(this.#schemas[schema.$ref.split("/").at(-1)!]!);
  }
}

/** Almost all schemas reject them for the same reason. The selection is the same in every run, and different for each schema. */
function wholeBodiesFor(schema: Schema): Iterable<readonly [string, string]> {
  if (isNightly) return VALUES;
  const all = [...VALUES];
  const first = createHash("sha256").update(JSON.stringify(schema)).digest()[0]!;
  return Array.from({ length: WHOLE_BODIES }, (_, index) => all[(first + index * WHOLE_BODIES) % all.length]!);
}

function entriesOf({ additionalProperties, patternProperties = {} }: Schema): readonly Schema[] {
  const more =
    typeof additionalProperties === "object" ? [additionalProperties] : additionalProperties === true ? [{}] : [];
  return [...Object.values(patternProperties), ...more];
}

function typeOf({ type }: Schema): string | undefined {
  return typeof type === "string" || type === undefined ? type : type.find((one) => one !== "null");
}
