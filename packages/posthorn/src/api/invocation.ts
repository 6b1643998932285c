import type { Actor } from "../domain/access.ts";
import type { ParsedBody } from "./body.ts";

/** A call of a route, over HTTP or in-process. */
export interface Invocation {
  readonly actor: Actor;
  /** Scopes idempotency keys, so that two callers never share one. */
  readonly caller: string;
  /** Path and query. An idempotency key is valid for one URL. */
  readonly url: string;
  readonly params: unknown;
  readonly query: unknown;
  readonly body: ParsedBody;
  readonly idempotencyKey: string | string[] | undefined;
  readonly userAgent?: string | undefined;
  /** Trace context of the caller: see `lib/trace-context.ts`. */
  readonly trace?: string | undefined;
  /**
   * The person who runs the calling command, as the command reports it: see `api/operator.ts`. Absent if the call does not come from a command.
   */
  readonly operator?: string | undefined;
  /** Address of the caller; absent: the caller is this process. */
  readonly ip?: string | undefined;
  /** See `RouteRequest.disconnected`; absent: the caller is this process. */
  readonly disconnected?: (() => AbortSignal) | undefined;
}
