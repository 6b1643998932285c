import type { Awaitable } from "../awaitable.ts";

/**
 * The part of the Standard Schema interface (version 1) that is used: zod, valibot, arktype, typebox and others have it.
 *
 * @see https://standardschema.dev
 */
export interface StandardSchema<Output = unknown> {
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

export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A schema for the whole payload of each event type. */
export type EventSchemas = Readonly<Record<string, StandardSchema>>;

/** The event map that a set of schemas stands for. */
export type SchemaOutputs<Schemas extends EventSchemas> = {
  [Type in keyof Schemas]: Schemas[Type] extends StandardSchema<infer Output> ? Output : never;
};
