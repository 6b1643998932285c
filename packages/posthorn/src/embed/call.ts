/** Calls API routes within the process, with the same validation and models but without HTTP. */
import { parseBody } from "../api/body.ts";
import { invoker } from "../api/invoke.ts";
import type { Route } from "../api/route.ts";
import type { Actor } from "../domain/access.ts";
import type { Services } from "../domain/context.ts";
import { traceContextFrom } from "../lib/trace-context.ts";

export interface CallOptions {
  /** Calls with the same key run once and return the same result. Valid for at least 12 hours. */
  readonly idempotencyKey?: string;
  /** W3C `traceparent` of your current span, which a message is stored with. An invalid one is ignored. */
  readonly traceparent?: string;
}

interface CallParts extends CallOptions {
  /** Path parameters, in path order. */
  readonly path?: readonly string[];
  readonly query?: object | undefined;
  readonly body?: object;
}

/** Creates calls of one organisation. */
export type Caller = (route: Route) => <Out>(parts: CallParts) => Promise<Out>;

export function callerFor(services: Services, actor: Actor): Caller {
  return (route) => {
    const invoke = invoker(route);
    const names = [...route.path.matchAll(/:(\w+)/g)].map((match) => match[1]!);
    return async <Out>({ path = [], query = {}, body, idempotencyKey, traceparent = "" }: CallParts): Promise<Out> => {
      const reply = await invoke(services, {
        actor,
        caller: "in the process",
        url: `${route.operationId}/${path.join("/")}`,
        params: Object.fromEntries(names.map((name, index) => [name, path[index]])),
        query: { ...query },
        body: jsonBody(body),
        idempotencyKey,
        trace: traceContextFrom(traceparent, undefined) ?? undefined,
      });
      return (reply.json === null ? undefined : JSON.parse(reply.json)) as Out;
    };
  };
}

/** Converts a body as if it had been sent over HTTP: dates become strings, and undefined properties are omitted. */
export function jsonBody(body: object | undefined): ReturnType<typeof parseBody> {
  return parseBody(Buffer.from(body === undefined ? "" : JSON.stringify(body)));
}
