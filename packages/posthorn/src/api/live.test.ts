import { once } from "node:events";
import { get } from "node:http";
import type { AddressInfo } from "node:net";
import Fastify from "fastify";
import { afterEach, expect, it } from "vitest";
import { systemActor } from "../domain/access.ts";
import type { Identity } from "../domain/auth/token-lookup.ts";
import { LiveFeed } from "../live/feed.ts";
import { registerLive } from "./live.ts";
import { MODELS } from "./models/index.ts";

const IDENTITY: Identity = {
  actor: systemActor(1, "org_test"),
  expiresAt: Number.POSITIVE_INFINITY,
};

const app = Fastify();
for (const model of MODELS) app.addSchema(model);
afterEach(() => app.close());

it("a stream is not opened for a client that disconnected while its token was verified", async () => {
  const feed = new LiveFeed({
    run: "test",
    describe: () => Promise.resolve({ messages: new Map(), endpoints: new Map() }),
    now: Date.now,
    setTimer: () => () => undefined,
    onFailure: () => undefined,
  });
  let watchers = 0;
  const watch = feed.watch.bind(feed);
  feed.watch = (...args) => {
    watchers += 1;
    return watch(...args);
  };
  const asked = Promise.withResolvers<void>();
  const identified = Promise.withResolvers<Identity>();
  const left = Promise.withResolvers<void>();
  app.addHook("onRequest", (_request, reply, done) => {
    reply.raw.once("close", left.resolve);
    done();
  });
  const handled = Promise.withResolvers<void>();
  registerLive(app, {
    feed,
    identify: async () => {
      asked.resolve();
      const identity = await identified.promise;
      setImmediate(handled.resolve);
      return identity;
    },
    onTokensRevoked: () => () => undefined,
    now: Date.now,
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const request = get({ port: (app.server.address() as AddressInfo).port, host: "127.0.0.1", path: "/api/v1/live" });
  const failed = once(request, "error").catch((error: unknown) => error);
  await asked.promise;
  request.destroy();
  await Promise.all([failed, left.promise]);
  identified.resolve(IDENTITY);
  await handled.promise;
  expect(watchers).toBe(0);
});
