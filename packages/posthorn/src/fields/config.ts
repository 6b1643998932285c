/** Configurations of kinds: validation, defaults and masking, all derived from the declared fields. Pure. */
import type { Configurable, Field, KindConfig } from "./field.ts";

type Value = string | number | boolean | null;
/** Values as entered. An absent field keeps its value, or gets its default; `null` clears it. */
export type ConfigInput = Readonly<Record<string, unknown>>;

export interface ConfigProblem {
  readonly field: string;
  /** What is wrong and what to do. Does not contain the value, which may be secret. */
  readonly problem: string;
}

export type CheckedConfig =
  | { readonly kind: "valid"; readonly config: KindConfig }
  | { readonly kind: "invalid"; readonly problems: readonly ConfigProblem[] };

/** A configuration without its secrets. */
export interface ShownConfig {
  readonly values: Readonly<Record<string, Value>>;
  /** Whether each secret has a value. */
  readonly secrets: Readonly<Record<string, boolean>>;
}

/** The current configuration, and which of its values are kept if a change omits them. */
export interface ConfigBefore {
  readonly config: KindConfig;
  readonly keeps: "all" | "secrets";
}

/**
 * Validates a new or changed configuration.
 *
 * @param before `null`: there is none.
 */
export function checkConfig(kind: Configurable, input: ConfigInput, before: ConfigBefore | null): CheckedConfig {
  const names = Object.keys(kind.fields);
  const problems: ConfigProblem[] = Object.keys(input)
    .filter((name) => !Object.hasOwn(kind.fields, name))
    .map((field) => ({ field, problem: unknownField(kind, names) }));
  const config: Record<string, Value> = {};
  for (const name of names) {
    const field = kind.fields[name]!;
    const entered = Object.hasOwn(input, name) ? input[name] : undefined;
    const isKept = entered === undefined && before !== null && (before.keeps === "all" || field.secret);
    const value = isKept ? (before.config[name] ?? null) : valueOf(field, entered);
    const problem = problemWith(field, value);
    if (problem === null) config[name] = value as Value;
    else problems.push({ field: name, problem });
  }
  if (problems.length > 0) return { kind: "invalid", problems };
  const missing = before === null ? [] : secretsToEnterAgain(kind, { input, config, before: before.config });
  if (missing.length > 0) return { kind: "invalid", problems: missing };
  const own = kind.check?.(config) ?? null;
  return own === null ? { kind: "valid", config } : { kind: "invalid", problems: [own] };
}

/** The configuration as stored, with the values of fields that were declared after it was stored. */
export function completeConfig(kind: Configurable, stored: Readonly<Record<string, Value>>): KindConfig {
  return Object.fromEntries(
    Object.entries(kind.fields).map(([name, field]) => [name, stored[name] ?? defaultOf(field)]),
  );
}

export function shownConfig(kind: Configurable, config: KindConfig): ShownConfig {
  const entries = Object.entries(kind.fields);
  const named = (secret: boolean): readonly string[] =>
    entries.filter(([, field]) => field.secret === secret).map(([name]) => name);
  return {
    values: Object.fromEntries(named(false).map((name) => [name, config[name] ?? null])),
    secrets: Object.fromEntries(named(true).map((name) => [name, (config[name] ?? null) !== null])),
  };
}

/** Values of the secret fields. */
export function secretsOf(kind: Configurable, config: KindConfig): readonly string[] {
  return Object.entries(kind.fields).flatMap(([name, field]) => {
    const value = config[name] ?? null;
    return field.secret && value !== null ? [String(value)] : [];
  });
}

/**
 * Otherwise, a caller who may change the configuration but does not know its secrets could have them sent to their own
 * server.
 */
function secretsToEnterAgain(
  kind: Configurable,
  { input, config, before }: { readonly input: ConfigInput; readonly config: KindConfig; readonly before: KindConfig },
): readonly ConfigProblem[] {
  const fields = Object.entries(kind.fields);
  const changed = fields.find(([name, field]) => field.isTarget === true && config[name] !== (before[name] ?? null));
  if (changed === undefined) return [];
  const [target] = changed;
  return fields
    .filter(([name, field]) => field.secret && (before[name] ?? null) !== null && input[name] === undefined)
    .map(([field, { required }]) => ({
      field,
      problem: `Enter this secret again, because "${target}" has changed and decides where it is sent.${required ? "" : " Send null to remove it."}`,
    }));
}

function unknownField({ title }: Configurable, names: readonly string[]): string {
  if (names.length === 0) return `Unknown field. ${title} has no configuration.`;
  return `Unknown field. ${title} has the fields ${names.join(", ")}.`;
}

/** Forms send an empty text for a field without a value. */
function valueOf(field: Field, entered: unknown): unknown {
  return entered === undefined || entered === null || entered === "" ? defaultOf(field) : entered;
}

function defaultOf(field: Field): Value {
  return field.default ?? null;
}

function problemWith(field: Field, value: unknown): string | null {
  if (value === null) return field.required ? "This field is required." : null;
  switch (field.type) {
    case "text":
      return typeof value === "string" ? textProblem(field, value) : "Must be a string.";
    case "url":
      return typeof value === "string" ? urlProblem(field, value) : "Must be a string.";
    case "integer":
      return integerProblem(field, value);
    case "boolean":
      return typeof value === "boolean" ? null : "Must be true or false.";
    case "choice":
      return field.choices.some((choice) => choice === value) ? null : `Must be one of: ${field.choices.join(", ")}.`;
  }
}

type FieldOf<Type extends Field["type"]> = Extract<Field, { readonly type: Type }>;

function textProblem(field: FieldOf<"text">, text: string): string | null {
  const { maxLength, multiline = false, pattern } = field;
  if (text.length > maxLength) return `Must have at most ${maxLength} characters.`;
  if (!text.isWellFormed()) return "Contains half of a surrogate pair, which is not a character.";
  // eslint-disable-next-line no-control-regex -- control characters are what it looks for
  const control = multiline ? /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/ : /[\0-\x1f\x7f]/;
  if (control.test(text)) {
    return multiline ? "Contains a control character." : "Contains a line break or another control character.";
  }
  if (!multiline && text.trim() !== text) return "Starts or ends with white space. Remove it.";
  if (pattern === undefined || new RegExp(`^(?:${pattern})$`, "u").test(text)) return null;
  return `Does not have the expected form.${field.example === undefined ? ` It must match ${pattern}` : exampleOf(field)}`;
}

const MAX_URL_LENGTH = 2048;
const WEB_SCHEMES: ReadonlySet<string> = new Set(["https:", "http:"]);

function urlProblem(field: FieldOf<"url">, text: string): string | null {
  if (text.length > MAX_URL_LENGTH) return `Must have at most ${MAX_URL_LENGTH} characters.`;
  const url = URL.parse(text);
  if (url === null || /\s/.test(text)) return `Must be a URL.${exampleOf(field)}`;
  if (!field.schemes.includes(url.protocol)) {
    return `Must start with ${field.schemes.map((scheme) => `${scheme}//`).join(" or ")}.`;
  }
  if (!field.secret && (url.username !== "" || url.password !== "")) {
    return "Must not contain a user name or password, because URLs are shown. Enter them in their own fields.";
  }
  // Clients interpret these parameters differently, and Posthorn uses none of them.
  if (!WEB_SCHEMES.has(url.protocol) && (url.search !== "" || url.hash !== "")) {
    return `Must end before "${url.search === "" ? "#" : "?"}": parameters in the URL have no effect. Use the other fields.`;
  }
  return null;
}

function integerProblem({ minimum, maximum }: FieldOf<"integer">, value: unknown): string | null {
  if (typeof value !== "number" || !Number.isInteger(value)) return "Must be an integer.";
  return value < minimum || value > maximum ? `Must be from ${minimum} to ${maximum}.` : null;
}

function exampleOf({ example }: Field): string {
  return example === undefined ? "" : ` Example: ${example}`;
}
