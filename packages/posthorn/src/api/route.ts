/** Definition of a route. Its schemas validate the request, type the handler and describe the route in the OpenAPI document. */
import type { Static, TObject, TSchema } from "typebox";
import type { Access } from "../domain/access.ts";
import type { Permission } from "../domain/grant.ts";
import type { Context, OutsideContext } from "../domain/context.ts";
import type { IdempotencyKey } from "../store/store.ts";
import type { SecretWarning } from "../domain/source/secret-warnings.ts";
import type { Reply } from "./reply.ts";
import type { Tag } from "./tags.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/**
 * How a POST with an idempotency key is prevented from running twice.
 *
 * - `transaction`: the handler runs in the write transaction that also stores its response. It may only wait for the database.
 * - `claim`: the key is claimed first, the handler runs outside a transaction, and its response is stored afterwards. For handlers
 *   that both make external calls and write; they must tolerate running again after a crash.
 * - `own`: the handler stores the key together with its own data.
 * - `none`: the handler changes nothing, so repeating it is harmless. The key is ignored.
 */
export type Idempotency = "transaction" | "claim" | "own" | "none";

/**
 * - `change`: changes something.
 * - `view`: shows payloads or secrets.
 * - `view by user`: delivers payloads to programs, which is not audited, and shows them to people, which is.
 * - `none`: publishing, deliveries, and what changes and shows nothing.
 */
export type RouteAudit = "change" | "view" | "view by user" | "none";

/** Context of a handler. If it may run inside a write transaction, the context excludes services that wait for anything else. */
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
  /** The body as received. */
  readonly rawBody: Buffer;
  /** Bytes of the payload in a body that is a message, if they are already known. */
  readonly content: Buffer | null;
  /** Idempotency key of a POST, if the caller sent one. Routes with idempotency `own` store it themselves. */
  readonly idempotency: IdempotencyKey | null;
  /** `User-Agent` of the caller. */
  readonly userAgent: string | undefined;
  /** Unparsed lines of an NDJSON body; `null` for a JSON body. */
  readonly lines: readonly Buffer[] | null;
  /** Unparsed list items of a large JSON body; `null` if `body` contains them. */
  readonly items: readonly Buffer[] | null;
  /** Returns a signal that is aborted when the caller disconnects before the response. */
  readonly disconnected: () => AbortSignal;
  /** Returns the idempotency key that the caller would have with this text at this URL. */
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
  /** Its group in the API reference. */
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  /** Access that tokens of applications need. */
  readonly access: Access;
  /** Permission that all other callers need. */
  readonly permission: Permission;
  /**
   * The route names no application or source, and its handler leaves out what belongs to applications that the caller may not see. Without
   * it, callers that are limited to some applications may not call such a route.
   */
  readonly filtersApplications?: true;
  /** Open to users whose organisation requires a second factor that they have yet to set up. */
  readonly withoutSecondFactor?: true;
  readonly query?: Query;
  readonly body?: Body;
  /** Schemas of the responses by status; `null` for a response without a body. */
  readonly responses: Readonly<Record<number, TSchema | null>>;
  /** For POST; defaults to `transaction`. */
  readonly idempotency?: I;
  /**
   * Whether a successful call has an entry in the audit log. Default: `change` for all methods but GET; `view` for GET with the permission `payloads:read` or `secrets:read`.
   */
  readonly audit?: RouteAudit;
  /** Whether a call of a route with `view` shows anything that is audited; without it, all calls but those with `with_content=false` do. */
  readonly auditWhen?: (query: Static<Query>) => boolean;
  /** Accepts bodies up to the size limit of batches. */
  readonly large?: true;
  /** For a `large` route: also accepts NDJSON, whose lines the handler must validate. */
  readonly lines?: true;
  /** Returns warnings about an accepted body. The compatible API sends them in a response header. */
  readonly warnings?: (body: Static<Body>) => readonly SecretWarning[];
  /** Handles the request. Errors it throws become API errors. */
  readonly handle: (
    request: RouteRequest<PathParams<Path>, Static<Query>, Static<Body>, HandlerContext<M, I>>,
  ) => Promise<Reply>;
}

/** Any route, as the server registers it. */
export type Route = Omit<
  RouteDefinition<string, TObject, TSchema, Method, Idempotency>,
  "handle" | "warnings" | "auditWhen"
> & {
  readonly auditWhen?: (query: never) => boolean;
  readonly warnings?: (body: never) => readonly SecretWarning[];
  readonly handle: (request: RouteRequest<never, never, never, never>) => Promise<Reply>;
};

/** Infers the types of a route and returns it unchanged. */
export function defineRoute<
  const Path extends string,
  Query extends TObject,
  Body extends TSchema,
  M extends Method,
  I extends Idempotency = "transaction",
>(definition: RouteDefinition<Path, Query, Body, M, I>): Route {
  return definition;
}
