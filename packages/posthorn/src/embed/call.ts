/** Calls routes of the API in the process: the same checks, the same shapes, no HTTP. */
import { parseBody } from "../api/body.ts";
import { invoker } from "../api/invoke.ts";
import type { Route } from "../api/route.ts";
import type { Actor } from "../domain/access.ts";
import type { Services } from "../domain/context.ts";

export interface CallOptions {
  /** With the same key the call is done once and answered the same. Good for at least 12 hours. */
  readonly idempotencyKey?: string;
}

interface CallParts extends CallOptions {
  /** In the order of the path. */
  readonly path?: readonly string[];
  readonly query?: object | undefined;
  readonly body?: object;
}

/** Makes calls for one organisation. */
export type Caller = (route: Route) => <Out>(parts: CallParts) => Promise<Out>;

export function callerFor(services: Services, actor: Actor): Caller {
  return (route) => {
    const invoke = invoker(route);
    const names = [...route.path.matchAll(/:(\w+)/g)].map((match) => match[1]!);
    return async <Out>({ path = [], query = {}, body, idempotencyKey }: CallParts): Promise<Out> => {
      const reply = await invoke(services, {
        actor,
        caller: "in the process",
        url: `${route.operationId}/${path.join("/")}`,
        params: Object.fromEntries(names.map((name, index) => [name, path[index]])),
        query: { ...query },
        body: jsonBody(body),
        idempotencyKey,
      });
      return (reply.json === null ? undefined : JSON.parse(reply.json)) as Out;
    };
  };
}

/** As it would have come over the wire: dates are texts, and what is undefined is not there. */
export function jsonBody(body: object | undefined): ReturnType<typeof parseBody> {
  return parseBody(Buffer.from(body === undefined ? "" : JSON.stringify(body)));
}
