/** Models of the fields that kinds of destinations and sources declare. */
import { type TSchema, Type } from "typebox";
import type { Configurable, Field } from "../../fields/field.ts";
import { nullable } from "./common.ts";

const FieldValue = Type.Union([Type.String(), Type.Number(), Type.Boolean()]);

/** A declared field, as forms need it. */
export const KindField = Type.Object({
  name: Type.String({ description: "Name in `config`." }),
  type: Type.Union(["text", "url", "integer", "boolean", "choice"].map((type) => Type.Literal(type))),
  label: Type.String(),
  help: Type.String({ description: "What to enter, and where to find it in the other product." }),
  required: Type.Boolean(),
  secret: Type.Boolean({ description: "Stored encrypted and never returned." }),
  isTarget: Type.Boolean({
    description: "Determines where the secrets are sent. When it changes, all secrets must be entered again.",
  }),
  default: nullable(FieldValue),
  example: nullable(Type.String()),
  multiline: Type.Optional(Type.Boolean()),
  maxLength: Type.Optional(Type.Integer()),
  pattern: Type.Optional(Type.String({ description: "Regular expression that the whole value must match." })),
  schemes: Type.Optional(Type.Array(Type.String(), { description: "Schemes of the URL, with the colon." })),
  minimum: Type.Optional(Type.Integer()),
  maximum: Type.Optional(Type.Integer()),
  choices: Type.Optional(Type.Array(Type.String())),
});

/** Schema of the values of one field. */
function schemaOf(field: Field): TSchema {
  const about = { description: field.secret ? `${field.help} Write-only.` : field.help };
  switch (field.type) {
    case "text":
      return Type.String({ ...about, maxLength: field.maxLength, ...patternOf(field) });
    case "url":
      return Type.String({ ...about, maxLength: 2048 });
    case "integer":
      return Type.Integer({ ...about, minimum: field.minimum, maximum: field.maximum });
    case "boolean":
      return Type.Boolean(about);
    case "choice":
      return Type.Union(
        field.choices.map((choice) => Type.Literal(choice)),
        about,
      );
  }
}

function patternOf({ pattern }: Extract<Field, { readonly type: "text" }>): { readonly pattern?: string } {
  return pattern === undefined ? {} : { pattern: `^(?:${pattern})$` };
}

/** Model of the configuration of a kind. */
export function configModel(
  { fields }: Configurable,
  about: { readonly $id: string; readonly description: string },
): TSchema {
  const properties = Object.entries(fields).map(([field, declared]) => {
    const schema = schemaOf(declared);
    return [field, declared.required && declared.default === undefined ? schema : Type.Optional(nullable(schema))];
  });
  return Type.Object(Object.fromEntries(properties) as Record<string, TSchema>, about);
}

/** Marks a schema that the API document replaces by references to these models. Validation does not read it. */
export const DOCUMENTED_AS = "x-documented-as";

/** Models of the configurations of these kinds, for {@link DOCUMENTED_AS}. */
export function configModelIds(kinds: Readonly<Record<string, Configurable>>, suffix: string): readonly string[] {
  return Object.entries(kinds).flatMap(([name, { fields }]) =>
    Object.keys(fields).length === 0 ? [] : [configModelId(name, suffix)],
  );
}

/** `$id` of the model of the configuration of a kind. */
export function configModelId(name: string, suffix: string): string {
  return `${name[0]!.toUpperCase()}${name.slice(1)}${suffix}`;
}

/** API representation of a declared field. */
export function fieldOut(name: string, { isTarget = false, default: preset, example, ...rest }: Field): object {
  return { name, ...rest, isTarget, default: preset ?? null, example: example ?? null };
}

/** What the declarations of kinds of destinations and sources have in common. */
interface DeclaredKind extends Configurable {
  readonly title: string;
  readonly summary: string;
  readonly group: string;
  readonly family: string;
  readonly setup: readonly string[];
}

/** Why no object of a kind can be created on this server. */
interface KindProblemOut {
  readonly code: string;
  readonly message: string;
}

/**
 * API representation of a declared kind.
 *
 * @param own Members that only kinds of destinations, or only kinds of sources have.
 */
export function kindOut(name: string, kind: DeclaredKind, own: object, problem: KindProblemOut | null): object {
  const { title, summary, group, family, fields, setup } = kind;
  return {
    kind: name,
    title,
    summary,
    group,
    family,
    fields: Object.entries(fields).map(([field, declared]) => fieldOut(field, declared)),
    ...own,
    setup,
    available: problem === null,
    problem,
  };
}
