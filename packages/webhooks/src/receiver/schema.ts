import type { Awaitable } from "../awaitable.ts";

/**
 * The part of the Standard Schema interface (version 1) that is used. Implemented by zod, valibot, ArkType and
 * others.
 *
 * @see https://standardschema.dev
 */
export interface StandardSchema<Output = unknown> {
  /** Version, vendor and validator of the schema. */
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => Awaitable<SchemaResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One reason why a payload does not match its schema. */
export interface SchemaIssue {
  /** Explanation by the schema library. */
  readonly message: string;
  /** Path of the value in the payload. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A schema for the whole payload of each event type. */
export type EventSchemas = Readonly<Record<string, StandardSchema>>;

/** The event map that a set of schemas describes. */
export type SchemaOutputs<Schemas extends EventSchemas> = {
  [Type in keyof Schemas]: Schemas[Type] extends StandardSchema<infer Output> ? Output : never;
};
