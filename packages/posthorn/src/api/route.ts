/** The form of a route. Its schemas validate the request, type the handler, and become its part of the OpenAPI document. */
import type { Static, TObject, TSchema } from "typebox";
import type { Access, Context } from "../domain/context.ts";
import type { IdempotencyKey } from "../store/store.ts";
import type { Reply } from "./reply.ts";

export interface RouteRequest<Params, Query, Body> {
  readonly ctx: Context;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** The bytes of the body as they came. */
  readonly rawBody: Buffer;
  /** Set for POST when the caller gave an idempotency key and the route keeps it itself. */
  readonly idempotency: IdempotencyKey | null;
  /** The lines of a body of NDJSON, not parsed; `null` for a body of JSON. */
  readonly lines: readonly Buffer[] | null;
  /** The idempotency key that the caller would have had with this key at this URL. */
  readonly keyOf: (url: string, key: string) => IdempotencyKey;
}

/** Names of the path parameters in `/app/:app_id/…`. */
export type PathParams<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? { readonly [Key in Name]: string } & PathParams<`/${Rest}`>
  : Path extends `${string}:${infer Name}`
    ? { readonly [Key in Name]: string }
    : unknown;

export interface RouteDefinition<Path extends string, Query extends TObject, Body extends TSchema> {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: Path;
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** Who may call it. */
  readonly access: Access;
  readonly query?: Query;
  readonly body?: Body;
  /** Schemas of the answers; `null` for an answer without a body. */
  readonly responses: Readonly<Record<number, TSchema | null>>;
  /**
   * How a POST with an idempotency key is kept from being done twice: by default its answer is kept in the transaction that does
   * it; `own` routes store the key with what they store.
   */
  readonly idempotency?: "own";
  /** Takes bodies up to the bound for batches. */
  readonly large?: true;
  /** Of a `large` route: also takes NDJSON, whose lines it must check itself. */
  readonly lines?: true;
  /** Answers the request. Anything thrown becomes an error of the API. */
  readonly handle: (request: RouteRequest<PathParams<Path>, Static<Query>, Static<Body>>) => Promise<Reply>;
}

/** A route of any form, as the server registers it. */
export type Route = Omit<RouteDefinition<string, TObject, TSchema>, "handle"> & {
  readonly handle: (request: RouteRequest<never, never, never>) => Promise<Reply>;
};

/** Types a route; returns it as it is. */
export function defineRoute<const Path extends string, Query extends TObject, Body extends TSchema>(
  definition: RouteDefinition<Path, Query, Body>,
): Route {
  return definition;
}
