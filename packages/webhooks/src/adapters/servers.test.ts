import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { fastify } from "fastify";
import { Hono } from "hono";
import Koa from "koa";
import { afterEach, describe, expect, it } from "vitest";
import { createReceiver, type ReceiverFailure, type WebhookReceiver } from "../receiver/receiver.ts";
import type { WebhookSource } from "../receiver/source.ts";
import { standardWebhooks } from "../receiver/standard-source.ts";
import type { ReceivedEvent } from "../receiver/event.ts";
import { sign } from "../standard/sign.ts";
import { expressHandler } from "./express.ts";
import { fastifyPlugin } from "./fastify.ts";
import { fetchHandler } from "./fetch.ts";
import { koaMiddleware } from "./koa.ts";
import { nodeHandler } from "./node.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const PATH = "/hooks?tenant=a%20b";
// Re-serialising would change it: the number and the spaces.
const BODY = '{ "type":"invoice.paid",  "amount": 12345678901234567890.10 }';
const LIMIT = 1000;

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => void server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function koaServer(app: Koa): Server {
  const callback = app.callback();
  return createServer((request, response) => void callback(request, response));
}

type Start = (receiver: WebhookReceiver) => Promise<string>;

const FRAMEWORKS: Readonly<Record<string, Start>> = {
  "node:http": (receiver) => listen(createServer(nodeHandler(receiver, { maxBodyBytes: LIMIT }))),
  express: (receiver) => {
    const app = express();
    app.all("/hooks", expressHandler(receiver, { maxBodyBytes: LIMIT }));
    return listen(createServer(app));
  },
  "express with raw bodies": (receiver) => {
    const app = express();
    app.use(express.raw({ type: () => true }));
    app.all("/hooks", expressHandler(receiver, { maxBodyBytes: LIMIT }));
    return listen(createServer(app));
  },
  "express with json that keeps the bytes": (receiver) => {
    const app = express();
    app.use(express.json({ verify: (request, _response, bytes) => void Object.assign(request, { rawBody: bytes }) }));
    app.all("/hooks", expressHandler(receiver, { maxBodyBytes: LIMIT }));
    return listen(createServer(app));
  },
  "express below a router": (receiver) => {
    const router = express.Router();
    router.all("/", expressHandler(receiver, { maxBodyBytes: LIMIT }));
    return listen(createServer(express().use("/hooks", router)));
  },
  fastify: async (receiver) => {
    const app = fastify();
    await app.register(fastifyPlugin(receiver, { path: "/hooks", maxBodyBytes: LIMIT }));
    closers.push(() => app.close());
    return app.listen({ host: "127.0.0.1", port: 0 });
  },
  koa: (receiver) => {
    const app = new Koa();
    app.use(koaMiddleware(receiver, { path: "/hooks", maxBodyBytes: LIMIT }));
    return listen(koaServer(app));
  },
  hono: (receiver) => {
    const app = new Hono();
    const handler = fetchHandler(receiver, { maxBodyBytes: LIMIT });
    app.all("/hooks", (context) => handler(context.req.raw));
    return Promise.resolve(serveFetch((request) => app.fetch(request)));
  },
};

/** Hono, Next.js and workers take a Request, so their tests need no socket. */
function serveFetch(fetcher: (request: Request) => Response | Promise<Response>): string {
  fetchers.set("https://worker.test", fetcher);
  return "https://worker.test";
}
const fetchers = new Map<string, (request: Request) => Response | Promise<Response>>();

async function call(base: string, init: RequestInit = {}, path = PATH): Promise<Response> {
  const fetcher = fetchers.get(base);
  return fetcher === undefined ? fetch(base + path, init) : fetcher(new Request(base + path, init));
}

async function signedPost(body: string | Uint8Array, id = "msg_1"): Promise<RequestInit> {
  const headers = { ...(await sign({ id, body }, SECRET)), "content-type": "application/json" };
  return { method: "POST", headers, body: body as BodyInit };
}

function collect(source: WebhookSource = standardWebhooks(SECRET)) {
  const events: ReceivedEvent[] = [];
  const failures: ReceiverFailure[] = [];
  const receiver = createReceiver({
    source,
    handle: (event) => void events.push(event),
    onError: (failure) => void failures.push(failure),
  });
  return { events, failures, receiver };
}

describe.each(Object.entries(FRAMEWORKS))("%s", (name, start) => {
  it("passes the exact bytes to the handler, and the URL with its query as it was called", async () => {
    const { events, receiver } = collect();
    const base = await start(receiver);
    const response = await call(base, await signedPost(BODY));
    expect([response.status, await response.text()]).toEqual([200, ""]);
    expect(events).toHaveLength(1);
    expect(new TextDecoder().decode(events[0]?.request.body)).toBe(BODY);
    expect(events[0]).toMatchObject({ type: "invoice.paid", id: "msg_1", request: { url: base + PATH } });
  });

  it("rejects a changed body before the handler runs, with a code", async () => {
    const { events, failures, receiver } = collect();
    const init = await signedPost(BODY);
    const response = await call(await start(receiver), { ...init, body: BODY.replace("10 }", "20 }") });
    expect([response.status, await response.json()]).toMatchObject([401, { error: { code: "signature_mismatch" } }]);
    expect(events).toEqual([]);
    expect(failures).toMatchObject([{ stage: "rejected" }]);
  });

  it("handles a delivery once and returns the same response to a duplicate", async () => {
    const { events, receiver } = collect();
    const base = await start(receiver);
    const statuses = [await call(base, await signedPost(BODY)), await call(base, await signedPost(BODY))];
    expect(statuses.map((response) => response.status)).toEqual([200, 200]);
    expect(events).toHaveLength(1);
  });

  it("rejects a body over the limit with 413", async () => {
    const { receiver } = collect();
    const response = await call(await start(receiver), await signedPost(JSON.stringify({ a: "x".repeat(LIMIT) })));
    expect(response.status).toBe(413);
  });

  it("rejects a body over the limit without a declared length", async () => {
    const { events, receiver } = collect();
    const text = JSON.stringify({ a: "x".repeat(LIMIT) });
    const init = await signedPost(text);
    const body = new ReadableStream({
      start(controller) {
        for (const part of [text.slice(0, 600), text.slice(600)]) controller.enqueue(new TextEncoder().encode(part));
        controller.close();
      },
    });
    const response = await call(await start(receiver), { ...init, body, duplex: "half" } as RequestInit);
    expect([response.status, events.length]).toEqual([413, 0]);
  });

  it("responds to handshakes with the status, headers and body of the source", async () => {
    const reply = { status: 200, headers: { "content-type": "text/plain" }, body: "challenge" };
    const { receiver } = collect({ name: "s", receive: async () => ({ kind: "handshake", reply }) });
    const response = await call(await start(receiver), { method: "GET" });
    expect([response.status, response.headers.get("content-type")?.split(";")[0], await response.text()]).toEqual([
      200,
      "text/plain",
      "challenge",
    ]);
  });

  it("accepts an empty body", async () => {
    const { events, receiver } = collect();
    const init = await signedPost("");
    const response = await call(await start(receiver), { ...init, body: null });
    expect([name, response.status, events.length]).toEqual([name, 200, 1]);
  });
});

describe("a body consumed by the framework", () => {
  // The sender gets no details; the log tells the developer what to change.
  const eaten = (remedy: RegExp) => ({
    status: 500,
    body: { error: { code: "internal" } },
    error: { code: "body_already_read", message: expect.stringMatching(remedy) },
  });
  async function outcome(base: string, failures: readonly ReceiverFailure[]): Promise<unknown> {
    const response = await call(base, await signedPost(BODY));
    return { status: response.status, body: await response.json(), error: failures[0]?.error };
  }

  it("express.json() before the adapter: the error says to mount the adapter first", async () => {
    const { failures, receiver } = collect();
    const app = express().use(express.json()).all("/hooks", expressHandler(receiver));
    expect(await outcome(await listen(createServer(app)), failures)).toMatchObject(eaten(/express\.json/));
  });

  it("koa: the error says to use the middleware before the body parser", async () => {
    const { failures, receiver } = collect();
    const app = new Koa();
    app.use(async (context, next) => {
      for await (const _ of context.req);
      Object.assign(context.request, { body: {} });
      await next();
    });
    app.use(koaMiddleware(receiver));
    expect(await outcome(await listen(koaServer(app)), failures)).toMatchObject(eaten(/ctx\.request\.rawBody/));
  });

  it("koa: uses the raw text that body parsers keep", async () => {
    const { events, receiver } = collect();
    const app = new Koa();
    app.use(async (context, next) => {
      const chunks: Buffer[] = [];
      for await (const chunk of context.req) chunks.push(chunk as Buffer);
      Object.assign(context.request, { rawBody: Buffer.concat(chunks).toString() });
      await next();
    });
    app.use(koaMiddleware(receiver));
    const response = await call(await listen(koaServer(app)), await signedPost(BODY));
    expect([response.status, events.length]).toEqual([200, 1]);
  });

  it("a Request with a consumed body: the error says to pass it earlier", async () => {
    const { failures, receiver } = collect();
    const handler = fetchHandler(receiver);
    const base = serveFetch(async (request) => {
      await request.json();
      return handler(request);
    });
    expect(await outcome(base, failures)).toMatchObject(eaten(/clone\(\)/));
  });
});

describe("frameworks keep working with the adapter", () => {
  it("fastify: other routes keep their body parsers", async () => {
    const { receiver } = collect();
    const app = fastify();
    await app.register(fastifyPlugin(receiver, { path: "/hooks" }));
    app.post("/json", (request) => ({ got: request.body }));
    closers.push(() => app.close());
    const response = await app.inject({ method: "POST", url: "/json", payload: { a: 1 } });
    expect(response.json()).toEqual({ got: { a: 1 } });
  });

  it("koa: passes other paths on", async () => {
    const { receiver } = collect();
    const app = new Koa();
    app.use(koaMiddleware(receiver, { path: "/hooks" }));
    app.use((context) => void (context.body = "other"));
    const response = await call(await listen(koaServer(app)), {}, "/other");
    expect(await response.text()).toBe("other");
  });

  it("node:http: responds and closes when the body ends early", async () => {
    const { failures, receiver } = collect();
    const base = await listen(createServer(nodeHandler(receiver)));
    const { port, hostname } = new URL(base);
    const { connect } = await import("node:net");
    const socket = connect(Number(port), hostname);
    socket.write("POST /hooks HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nonly this");
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    await expect.poll(() => failures.length).toBe(1);
    expect(failures[0]?.error).toMatchObject({ code: "body_unavailable" });
  });
});

describe("the public URL", () => {
  async function urlSeen(options: Parameters<typeof nodeHandler>[1], headers: Record<string, string>): Promise<string> {
    let url = "";
    const reply = { status: 204, headers: {}, body: "" };
    const receiver = collect({
      name: "s",
      receive: async (request) => {
        ({ url } = request);
        return { kind: "handshake", reply };
      },
    }).receiver;
    const base = await listen(createServer(nodeHandler(receiver, options)));
    await call(base, { headers });
    return url.replace(base, "base");
  }
  const forwarded = { "x-forwarded-proto": "https", "x-forwarded-host": "hooks.example.com, inner" };

  it("ignores forwarded headers unless the proxy is trusted", async () => {
    expect(await urlSeen({}, forwarded)).toBe(`base${PATH}`);
    expect(await urlSeen({ trustProxy: true }, forwarded)).toBe(`https://hooks.example.com${PATH}`);
  });

  it("uses publicUrl with the prefix that a proxy strips", async () => {
    expect(await urlSeen({ publicUrl: "https://example.com/in/" }, forwarded)).toBe(`https://example.com/in${PATH}`);
  });

  it("applies to fetch handlers too", async () => {
    const { events, receiver } = collect();
    const handler = fetchHandler(receiver, { trustProxy: true });
    const init = await signedPost(BODY);
    const headers = { ...(init.headers as Record<string, string>), ...forwarded };
    await handler(new Request(`http://internal:8080${PATH}`, { ...init, headers }));
    expect(events[0]?.request.url).toBe(`https://hooks.example.com${PATH}`);
  });
});
