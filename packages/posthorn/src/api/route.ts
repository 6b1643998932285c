/** The form of a route. Its schemas validate the request, type the handler, and become its part of the OpenAPI document. */
import type { Static, TObject, TSchema } from "typebox";
import type { Access } from "../domain/access.ts";
import type { Context, OutsideContext } from "../domain/context.ts";
import type { IdempotencyKey } from "../store/store.ts";
import type { SecretWarning } from "../domain/source/secret-warnings.ts";
import type { Reply } from "./reply.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/**
 * How a POST with an idempotency key is kept from being done twice.
 *
 * - `transaction`: the handler runs in the write transaction that also stores its answer. It may wait for nothing but the database.
 * - `claim`: the key is claimed first, the handler runs outside of any transaction, and its answer is stored afterwards. For handlers that
 *   call out and write; they must tolerate being run again after a crash.
 * - `own`: the handler stores the key with what it stores.
 * - `none`: the handler changes nothing, so that a repeat is harmless. The key is ignored.
 */
export type Idempotency = "transaction" | "claim" | "own" | "none";

/** Context of a handler. One that may run inside a write transaction is offered no service to wait for. */
export type HandlerContext<M extends Method, I extends Idempotency> = M extends "POST"
  ? "transaction" extends I
    ? Context
    : OutsideContext
  : OutsideContext;

export interface RouteRequest<Params, Query, Body, Ctx = OutsideContext> {
  readonly ctx: Ctx;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** The bytes of the body as they came. */
  readonly rawBody: Buffer;
  /** Set for POST when the caller gave an idempotency key and the route keeps it itself. */
  readonly idempotency: IdempotencyKey | null;
  /** The `User-Agent` of the caller. */
  readonly userAgent: string | undefined;
  /** The lines of a body of NDJSON, not parsed; `null` for a body of JSON. */
  readonly lines: readonly Buffer[] | null;
  /** The items of the list in a large body of JSON, not parsed; `null` where `body` has them. */
  readonly items: readonly Buffer[] | null;
  /** The idempotency key that the caller would have had with this key at this URL. */
  readonly keyOf: (url: string, key: string) => IdempotencyKey;
}

/** Names of the path parameters in `/app/:app_id/…`. */
export type PathParams<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? { readonly [Key in Name]: string } & PathParams<`/${Rest}`>
  : Path extends `${string}:${infer Name}`
    ? { readonly [Key in Name]: string }
    : unknown;

export interface RouteDefinition<
  Path extends string,
  Query extends TObject,
  Body extends TSchema,
  M extends Method,
  I extends Idempotency,
> {
  readonly method: M;
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
  /** Of a POST; `transaction` when absent. */
  readonly idempotency?: I;
  /** Takes bodies up to the bound for batches. */
  readonly large?: true;
  /** Of a `large` route: also takes NDJSON, whose lines it must check itself. */
  readonly lines?: true;
  /** What is doubtful about a body that was accepted. Named in a response header on the compatible API. */
  readonly warnings?: (body: Static<Body>) => readonly SecretWarning[];
  /** Answers the request. Anything thrown becomes an error of the API. */
  readonly handle: (
    request: RouteRequest<PathParams<Path>, Static<Query>, Static<Body>, HandlerContext<M, I>>,
  ) => Promise<Reply>;
}

/** A route of any form, as the server registers it. */
export type Route = Omit<RouteDefinition<string, TObject, TSchema, Method, Idempotency>, "handle" | "warnings"> & {
  readonly warnings?: (body: never) => readonly SecretWarning[];
  readonly handle: (request: RouteRequest<never, never, never, never>) => Promise<Reply>;
};

/** Types a route; returns it as it is. */
export function defineRoute<
  const Path extends string,
  Query extends TObject,
  Body extends TSchema,
  M extends Method,
  I extends Idempotency = "transaction",
>(definition: RouteDefinition<Path, Query, Body, M, I>): Route {
  return definition;
}
