/** Calls a route: validates the request, applies the idempotency key and runs the handler. Used for HTTP and in-process calls. */
import { setTimeout as delay } from "node:timers/promises";
import { Type } from "typebox";
import type { AuditTrail } from "../domain/audit/trail.ts";
import type { Context, OutsideContext, Services } from "../domain/context.ts";
import { idempotencyKey } from "../domain/idempotency.ts";
import { ClaimedRequests, onceInTransaction } from "../domain/once.ts";
import { noteResponse, trailFor } from "./audit-trail.ts";
import type { Invocation } from "./invocation.ts";
import type { Reply } from "./reply.ts";
import type { Route } from "./route.ts";
import { bodyValidator, depthValidator, queryValidator, refuseUnknown } from "./validation.ts";

function never(): AbortSignal {
  return new AbortController().signal;
}

/** Compiles the schemas of a route once. The caller must check the actor's access before each invocation. */
export function invoker(route: Route): (services: Services, call: Invocation) => Promise<Reply> {
  const checkQuery = queryValidator(route.query ?? Type.Object({}));
  const checkBody = route.body === undefined ? null : bodyValidator(route.body);
  const checkDepth = depthValidator(route.body);
  const claims = new ClaimedRequests();
  const startTrail = trailFor(route);
  const begin = (services: Services, call: Invocation): Promise<Reply> => {
    const {
      actor,
      caller,
      url,
      params,
      query,
      body,
      idempotencyKey: given,
      userAgent,
      disconnected = never,
      trace,
    } = call;
    refuseUnknown(route, query);
    checkQuery(query);
    const { raw, value, lines = null, items = null, content = null, isBounded = false } = body;
    if (lines === null) {
      if (!isBounded) checkDepth(value, raw);
      checkBody?.(value);
    }
    const hasKey = given !== undefined && route.method === "POST";
    const key = hasKey ? idempotencyKey(given, caller, url, services.now()) : null;
    const keyOf = (at: string, text: string) => idempotencyKey(text, caller, at, services.now());
    const request = { params, query, body: value, rawBody: raw, lines, items, content, idempotency: key, keyOf };
    const handle = (ctx: Context): Promise<Reply> =>
      route.handle({ ...request, userAgent, disconnected, ctx } as never);
    const audit = startTrail?.(call);
    const ctx: OutsideContext = { services, actor, tx: null, operation: route.operationId, audit, trace };
    const { idempotency = "transaction" } = route;
    const run = (): Promise<Reply> => {
      if (key !== null && idempotency === "transaction") return onceInTransaction(ctx, key, handle);
      if (key !== null && idempotency === "claim") return claims.once(ctx, key, handle);
      return route.method === "GET" ? afterOutcomes(services, () => handle(ctx)) : handle(ctx);
    };
    return audit === undefined ? run() : withEntry(services, audit, run);
  };
  // Not async, because that would add three promises to each request.
  return (services, call) => {
    try {
      return begin(services, call);
    } catch (error) {
      return Promise.reject(error);
    }
  };
}

/** Responds only after the entry of the call is committed. */
async function withEntry(services: Services, audit: AuditTrail, run: () => Promise<Reply>): Promise<Reply> {
  const result = await run();
  if (result.status >= 400) return result;
  noteResponse(audit, result.json);
  await audit.finish(services);
  return result;
}

/** A read waits at most this long for the commit of outcomes, which can queue behind a write transaction. */
const MAX_COMMIT_WAIT_MS = 100;

/** Commits delayed outcomes before a read, so that a client that received a webhook finds its attempt in the next list. */
function afterOutcomes(services: Services, read: () => Promise<Reply>): Promise<Reply> {
  const stored = services.store.commitWaiting();
  if (stored === null) return read();
  const limit = delay(MAX_COMMIT_WAIT_MS, undefined, { ref: false });
  // A failed commit is retried by the store and says nothing about this read.
  return Promise.race([stored.catch(() => undefined), limit]).then(read);
}
