/** Posthorn inside a program, in each common server framework. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve, type ServerType } from "@hono/node-server";
import { eventually, makeToken, type Receiver, startReceiver } from "@posthorn/testkit";
import express from "express";
import Fastify from "fastify";
import { type Context, Hono } from "hono";
import { Posthorn, type PosthornOptions, type Settings } from "posthorn";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const JWT_SECRET = "a secret of at least 32 characters";
const ORGANISATION = "org_00000000000000000000default";
const PUBLIC_URL = "https://shop.example/hooks";
const GITHUB_SECRET = "s3cret";

const TOKEN = makeToken(
  { sub: ORGANISATION, iss: "posthorn", iat: 0, exp: Math.floor(Date.now() / 1000) + 86_400 },
  JWT_SECRET,
);

interface Embedded extends AsyncDisposable {
  readonly posthorn: Posthorn;
  readonly folder: string;
}

async function embed(settings: Settings = {}, options: PosthornOptions = {}): Promise<Embedded> {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-embedded-"));
  const posthorn = await Posthorn.start({
    settings: {
      dataDir: folder,
      egressAllow: "external,loopback",
      jwtSecret: JWT_SECRET,
      logLevel: "silent",
      ...settings,
    },
    ...options,
  });
  const close = async (): Promise<void> => {
    await posthorn.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { posthorn, folder, [Symbol.asyncDispose]: close };
}

interface Host {
  readonly url: string;
  close(): Promise<unknown>;
}

async function listening(server: Server | ServerType): Promise<Host> {
  if (server.address() === null) await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      (server as Server).closeAllConnections();
      await closed;
    },
  };
}

interface CallInit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

/** Servers with their own page, body parsers, and Posthorn under /hooks. */
const HOSTS: Readonly<Record<string, (posthorn: Posthorn) => Promise<Host>>> = {
  "node:http": (posthorn) => {
    const server = createServer((request, response) => {
      if (request.url!.startsWith("/hooks/")) posthorn.handler(request, response);
      else response.end("the shop");
    });
    return listening(server.listen(0, "127.0.0.1"));
  },
  Express: (posthorn) => {
    const app = express();
    app.use("/hooks", posthorn.handler);
    app.use(express.json());
    app.use((_request, response) => void response.send("the shop"));
    return listening(app.listen(0, "127.0.0.1"));
  },
  Fastify: async (posthorn) => {
    const app = Fastify();
    await app.register(posthorn.fastify, { prefix: "/hooks" });
    app.get("/", () => "the shop");
    await app.listen({ port: 0, host: "127.0.0.1" });
    return { url: app.listeningOrigin, close: () => app.close() };
  },
  "Hono on Node": (posthorn) => {
    const app = new Hono();
    app.mount("/hooks", posthorn.fetch);
    app.get("/", (c) => c.text("the shop"));
    return listening(serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }));
  },
  "Request and Response": (posthorn) => {
    const app = new Hono();
    app.all("/hooks/*", (c: Context) => posthorn.fetch(c.req.raw));
    app.get("/", (c) => c.text("the shop"));
    return listening(serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }));
  },
};

describe.each(Object.entries(HOSTS))("in %s", (_name, start) => {
  let embedded: Embedded;
  let host: Host;
  let receiver: Receiver;
  const call = (path: string, init: CallInit = {}): Promise<Response> =>
    fetch(`${host.url}/hooks${path}`, {
      ...init,
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json", ...init.headers },
    });

  beforeAll(async () => {
    embedded = await embed({ publicUrl: PUBLIC_URL });
    host = await start(embedded.posthorn);
    receiver = await startReceiver();
  });
  afterAll(async () => {
    await host.close();
    await embedded[Symbol.asyncDispose]();
    await receiver.close();
  });

  it("does not affect the pages of the program", async () => {
    expect(await (await fetch(host.url)).text()).toBe("the shop");
  });

  it("serves the API, with messages that keep their bytes", async () => {
    await call("/api/v1/app", { method: "POST", body: JSON.stringify({ name: "Acme", uid: "acme" }) });
    const endpoint = { url: `${receiver.url}/api`, uid: "api" };
    const created = await call("/api/v1/app/acme/endpoint", { method: "POST", body: JSON.stringify(endpoint) });
    expect(created.status).toBe(201);
    const payload = '{ "n": 1.0,  "big": 12345678901234567890 }';
    const body = `{"eventType":"a","payload":${payload}}`;
    const reply = await call("/api/v1/app/acme/msg", { method: "POST", body });
    expect(reply.status).toBe(202);
    const got = await receiver.waitFor(({ path }) => path === "/api");
    expect(got.body.toString()).toBe(payload);
  });

  it("rejects requests without a token, and reports unknown paths", async () => {
    expect((await fetch(`${host.url}/hooks/api/v1/app`)).status).toBe(401);
    const lost = await call("/api/v1/nowhere");
    expect([lost.status, ((await lost.json()) as { code: string }).code]).toEqual([404, "not_supported"]);
  });

  it("accepts inbound webhooks byte for byte, under the URL of the program", async () => {
    const source = { name: "Code", type: "github", secrets: [GITHUB_SECRET] };
    const made = await call("/ingest/api/v1/source", { method: "POST", body: JSON.stringify(source) });
    const { id, ingestUrl } = (await made.json()) as { id: string; ingestUrl: string };
    expect(ingestUrl.startsWith(`${PUBLIC_URL}/in/`)).toBe(true);
    const target = JSON.stringify({ url: `${receiver.url}/door` });
    await call(`/ingest/api/v1/source/${id}/endpoint`, { method: "POST", body: target });
    const body = '{"zen" :\t"1.0"}\n';
    const reply = await fetch(ingestUrl.replace("https://shop.example", host.url), {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-github-event": "push",
        "x-github-delivery": "d-1",
        "x-hub-signature-256": `sha256=${createHmac("sha256", GITHUB_SECRET).update(body).digest("hex")}`,
      },
      body,
    });
    expect(reply.status).toBe(200);
    const got = await receiver.waitFor(({ path }) => path === "/door");
    expect(got.body.toString()).toBe(body);
  });

  it("serves the dashboard and the portal with their files under its path", async () => {
    for (const path of ["/", "/messages", "/portal"]) {
      const page = await call(path, { headers: { accept: "text/html" } });
      const html = await page.text();
      expect(html).toContain('<meta name="server-base" content="/hooks" />');
      const script = /src="(\/hooks\/assets\/[^"]+\.js)"/.exec(html)![1]!;
      const file = await fetch(`${host.url}${script}`);
      expect([file.status, file.headers.get("content-type")]).toEqual([200, expect.stringContaining("javascript")]);
    }
    const { url } = await embedded.posthorn.authentication.appPortalAccess("acme");
    expect(url.startsWith(`${PUBLIC_URL}/portal`)).toBe(true);
  });

  it("streams events as they happen", async () => {
    const abort = new AbortController();
    const stream = await call("/api/v1/live", { signal: abort.signal });
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    const until = async (part: string): Promise<void> => {
      while (!text.includes(part)) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`the stream ended without ${part}`);
        text += value;
      }
    };
    await until("event: open");
    const { id } = await embedded.posthorn.message.create("acme", { eventType: "seen", payload: {} });
    await until(id);
    expect(text).toContain("message.accepted");
    abort.abort();
  });
});

describe("a body that the program has already read", () => {
  const CASES: Readonly<Record<string, (posthorn: Posthorn) => Promise<Host>>> = {
    Express: (posthorn) => {
      const app = express();
      app.use(express.json());
      app.use("/hooks", posthorn.handler);
      return listening(app.listen(0, "127.0.0.1"));
    },
    Hono: (posthorn) => {
      const app = new Hono();
      app.all("/hooks/*", async (c) => {
        await c.req.raw.text();
        return posthorn.fetch(c.req.raw, c.env as { incoming: IncomingMessage });
      });
      return listening(serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }));
    },
    "Request and Response": (posthorn) => {
      const app = new Hono();
      app.all("/hooks/*", async (c) => {
        await c.req.raw.text();
        return posthorn.fetch(c.req.raw);
      });
      return listening(serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }));
    },
  };

  it.each(Object.entries(CASES))("is reported as such in %s, and not as a wrong signature", async (_name, start) => {
    await using embedded = await embed({ publicUrl: PUBLIC_URL });
    const host = await start(embedded.posthorn);
    const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
    const send = (path: string, body?: string) =>
      fetch(`${host.url}/hooks${path}`, body === undefined ? { headers } : { method: "POST", headers, body });
    for (const path of ["/in/any", "/api/v1/app"]) {
      const reply = await send(path, '{"name":"Acme"}');
      expect(reply.status).toBe(500);
      expect(await reply.json()).toMatchObject({
        code: "body_consumed",
        detail: expect.stringContaining("express.json()") as string,
      });
    }
    // Without a body, nothing was lost.
    expect((await send("/api/v1/app")).status).toBe(200);
    await host.close();
  });
});

describe("in the process", () => {
  it("offers typed calls with the types of the API, and delivers", async () => {
    await using receiver = await startReceiver();
    await using embedded = await embed();
    const { application, endpoint, eventType, message } = embedded.posthorn;
    const app = await application.create({ name: "Acme", uid: "acme", metadata: { plan: "pro" } });
    expect(await application.get("acme")).toEqual(app);
    expect(await application.getOrCreate({ name: "Other", uid: "acme" })).toEqual(app);
    expect(await application.patch("acme", { name: "Acme Ltd" })).toMatchObject({ id: app.id, name: "Acme Ltd" });
    await eventType.create({ name: "order.paid", description: "An order was paid." });
    const made = await endpoint.create("acme", { url: `${receiver.url}/hook`, eventTypes: ["order.paid"] });
    expect(await endpoint.list("acme", { limit: 1 })).toMatchObject({ data: [{ id: made.id }], done: true });
    expect((await endpoint.getSecret("acme", made.id)).key).toMatch(/^whsec_/);
    const first = await message.create("acme", { eventType: "order.paid", payload: { order: 17 } });
    const bytes = Buffer.of(0, 255, 10);
    await message.create("acme", { eventType: "order.paid", payload: bytes, contentType: "image/x-test" });
    const got = await receiver.waitForCount(2);
    expect(got[0]!.body.toString()).toBe('{"order":17}');
    expect(got[1]!.body).toEqual(bytes);
    expect(got[1]!.headers["content-type"]).toBe("image/x-test");
    expect(await message.get("acme", first.id)).toMatchObject({ id: first.id, payload: { order: 17 } });
    expect((await message.list("acme")).data).toHaveLength(2);
    await application.delete("acme");
    await expect(application.get("acme")).rejects.toMatchObject({ code: "not_found", status: 404 });
  });

  it("performs a call once for one idempotency key", async () => {
    await using embedded = await embed();
    const { application, message } = embedded.posthorn;
    const create = () => application.create({ name: "Acme", uid: "acme" }, { idempotencyKey: "a" });
    expect(await create()).toEqual(await create());
    const publish = () => message.create("acme", { eventType: "a", payload: {} }, { idempotencyKey: "m" });
    expect((await publish()).id).toBe((await publish()).id);
  });

  it("rejects the same calls as the API, with the same codes", async () => {
    await using embedded = await embed();
    const { application, message } = embedded.posthorn;
    await application.create({ name: "Acme", uid: "acme" });
    await expect(application.create({ name: "Acme", uid: "acme" })).rejects.toMatchObject({ code: "conflict" });
    await expect(message.create("acme", { eventType: "a b", payload: {} })).rejects.toMatchObject({
      code: "validation",
      issues: [{ loc: ["body", "eventType"] }],
    });
    await expect(message.create("missing", { eventType: "a", payload: {} })).rejects.toMatchObject({
      code: "not_found",
    });
    const client = { query: () => Promise.reject(new Error("touched")) };
    await expect(message.create("acme", { eventType: "a", payload: {} }, { tx: client })).rejects.toMatchObject({
      code: "not_supported",
    });
  });

  it("starts two independent instances, and does not touch signals or the environment", async () => {
    const signals = (): number => process.listenerCount("SIGTERM") + process.listenerCount("SIGINT");
    const before = signals();
    await using one = await embed({}, { environment: { POSTHORN_PUBLIC_URL: "https://one.example" } });
    await using two = await embed();
    expect(signals()).toBe(before);
    await one.posthorn.application.create({ name: "Acme", uid: "acme" });
    expect((await two.posthorn.application.list()).data).toEqual([]);
    const { url } = await one.posthorn.authentication.appPortalAccess("acme");
    expect(url.startsWith("https://one.example/portal")).toBe(true);
    expect([one.posthorn.url, two.posthorn.url]).toEqual(["", ""]);
  });

  it("listens on its own when configured", async () => {
    await using embedded = await embed({ listen: "127.0.0.1:0" }, { listen: true });
    expect((await fetch(`${embedded.posthorn.url}/health`)).status).toBe(204);
  });

  it("reports an invalid option", async () => {
    const cases: readonly Record<string, string>[] = [
      { databaseURL: "x" },
      { publicUrl: "https://shop.example/api" },
      { retrySchedule: "soon" },
    ];
    for (const settings of cases) {
      await expect(Posthorn.start({ settings })).rejects.toMatchObject({ code: "config_invalid" });
    }
    await expect(Posthorn.start({ organisation: "acme" })).rejects.toMatchObject({ code: "config_invalid" });
  });

  it("closes in order: attempts in flight finish, and a second close returns the first", async () => {
    await using receiver = await startReceiver({ response: { status: 204, delayMs: 300 } });
    const embedded = await embed();
    const { posthorn } = embedded;
    await posthorn.application.create({ name: "Acme", uid: "acme" });
    const { id } = await posthorn.endpoint.create("acme", { url: receiver.url });
    const sent = await posthorn.message.create("acme", { eventType: "a", payload: {} });
    await receiver.waitForCount(1);
    await Promise.all([posthorn.close(), posthorn.close()]);
    const settings = {
      dataDir: embedded.folder,
      jwtSecret: JWT_SECRET,
      logLevel: "silent",
      egressAllow: "external,loopback",
    };
    await using again = await Posthorn.start({ settings });
    const attempts = await again.fetch(
      new Request(`http://any/api/v1/app/acme/attempt/endpoint/${id}`, {
        headers: { authorization: `Bearer ${TOKEN}` },
      }),
    );
    expect(await attempts.json()).toMatchObject({ data: [{ msgId: sent.id, status: 0 }] });
    await eventually(() => expect(receiver.requests).toHaveLength(1));
    rmSync(embedded.folder, { recursive: true, force: true });
  });
});
