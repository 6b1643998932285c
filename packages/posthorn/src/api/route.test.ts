/** Tests of the types of routes. The compiler does most of it: `npm run types` fails if a `@ts-expect-error` line is no longer an error. */
import { describe, expect, it } from "vitest";
import { checkUrl } from "../domain/application/check-url.ts";
import { atomically, type Context, type OutsideContext, type TransactionContext } from "../domain/context.ts";
import { noContent } from "./reply.ts";
import { defineRoute } from "./route.ts";
import { ROUTES } from "./routes.ts";

const ROUTE = {
  path: "/api/v1/test/:id",
  operationId: "v1.test",
  tag: "Health",
  summary: "Test",
  access: "organisation",
  permission: "read",
  responses: { 204: null },
} as const;

describe("the type of a route", () => {
  it("offers no external service to a POST handler that may run inside a write transaction", () => {
    const route = defineRoute({
      ...ROUTE,
      method: "POST",
      handle: async ({ ctx }) => {
        // @ts-expect-error DNS
        await ctx.services.urls.check("https://example.com/", null);
        // @ts-expect-error requests to endpoints
        await ctx.services.ownership.ask(null, "challenge", null);
        // @ts-expect-error worker threads
        await ctx.services.transforms.check("", { tenant: 1, endpoint: 1 });
        // @ts-expect-error provider APIs
        await ctx.services.providerApis.send(null);
        // @ts-expect-error worker threads
        await ctx.services.sources.diagnose(1, null, {});
        // @ts-expect-error other nodes
        await ctx.services.lanes.of(1);
        // @ts-expect-error the thread pool
        await ctx.services.tokens.sign({ sub: "app_1", exp: 0 });
        // @ts-expect-error a second write, which waits for the end of this transaction
        await ctx.services.store.accept(null);
        // @ts-expect-error a second transaction
        await ctx.services.store.transaction(async () => undefined);
        // @ts-expect-error an operation that calls out
        await checkUrl({ ctx, input: { url: "https://example.com/", app: null } });
        return noContent();
      },
    });
    expect(route.idempotency).toBeUndefined();
  });

  it("gives handlers that run outside a write transaction every service", () => {
    const handle = async ({ ctx }: { readonly ctx: OutsideContext }) => {
      await checkUrl({ ctx, input: { url: "https://example.com/", app: null } });
      return noContent();
    };
    const routes = [
      defineRoute({ ...ROUTE, method: "POST", idempotency: "claim", handle }),
      defineRoute({ ...ROUTE, method: "POST", idempotency: "own", handle }),
      defineRoute({ ...ROUTE, method: "POST", idempotency: "none", handle }),
      defineRoute({ ...ROUTE, method: "PUT", handle }),
      // @ts-expect-error it may run inside a write transaction
      defineRoute({ ...ROUTE, method: "POST", handle }),
      // @ts-expect-error it runs inside a write transaction
      defineRoute({ ...ROUTE, method: "POST", idempotency: "transaction", handle }),
    ];
    expect(routes).toHaveLength(6);
  });
});

describe("the type of an operation", () => {
  it("that runs in a transaction does not accept a context with outside services, nor the reverse", () => {
    // @ts-expect-error it may be inside a transaction
    const outside = (ctx: Context): OutsideContext => ctx;
    // @ts-expect-error it is inside a transaction
    const fromInside = (ctx: TransactionContext): OutsideContext => ctx;
    const verb = (ctx: OutsideContext) =>
      // @ts-expect-error `atomically` gives its operation no service that calls out
      atomically({ ctx, input: null }, async ({ ctx: inside }) => inside.services.urls.check("", null));
    expect([outside, fromInside, verb]).toHaveLength(3);
  });
});

it("only POST routes define how they treat an idempotency key", () => {
  const declared = ROUTES.filter(({ idempotency }) => idempotency !== undefined);
  expect(declared.filter(({ method }) => method !== "POST")).toEqual([]);
});
