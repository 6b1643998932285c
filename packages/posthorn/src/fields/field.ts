/** Fields that kinds of destinations and sources declare. The API models, validation, sealing, masking, forms and documents follow from them. */

interface FieldBase {
  /** Name in forms and documentation. */
  readonly label: string;
  /** One or two sentences: what to enter, and where in the other product to find it. */
  readonly help: string;
  readonly required: boolean;
  /** Sealed at rest, never returned, never in a log. */
  readonly secret: boolean;
  /** Decides where the secrets are sent: when it changes, they must be entered again. */
  readonly isTarget?: boolean;
  readonly example?: string;
}

export interface TextField extends FieldBase {
  readonly type: "text";
  readonly maxLength: number;
  /** Regular expression that the whole value must match. */
  readonly pattern?: string;
  /** More than one line: a key, a certificate, a template. */
  readonly multiline?: boolean;
  readonly default?: string;
}

export interface UrlField extends FieldBase {
  readonly type: "url";
  /** With the colon: `https:`. */
  readonly schemes: readonly string[];
  readonly default?: string;
}

export interface IntegerField extends FieldBase {
  readonly type: "integer";
  readonly minimum: number;
  readonly maximum: number;
  readonly default?: number;
}

export interface BooleanField extends FieldBase {
  readonly type: "boolean";
  readonly default: boolean;
}

export interface ChoiceField extends FieldBase {
  readonly type: "choice";
  readonly choices: readonly string[];
  readonly default?: string;
}

export type Field = TextField | UrlField | IntegerField | BooleanField | ChoiceField;
export type Fields = Readonly<Record<string, Field>>;

type ValueOf<F extends Field> = F extends { readonly type: "integer" }
  ? number
  : F extends { readonly type: "boolean" }
    ? boolean
    : F extends { readonly type: "choice"; readonly choices: readonly (infer Choice)[] }
      ? Choice
      : string;

type IsSet<F extends Field> = F extends { readonly required: true } | { readonly default: {} } ? never : null;

/** A configuration after validation: defaults applied, `null` for optional fields without a value. */
export type ConfigOf<F extends Fields> = { readonly [Name in keyof F]: ValueOf<F[Name]> | IsSet<F[Name]> };

/** A validated configuration of any kind. */
export type KindConfig = ConfigOf<Fields>;

/** What validation needs of a kind. */
export interface Configurable {
  /** Name for users, in messages. */
  readonly title: string;
  readonly fields: Fields;
  /** Further checks of a configuration; `null`: none failed. */
  check?(config: KindConfig): { readonly field: string; readonly problem: string } | null;
}
