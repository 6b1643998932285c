/** The built-in HTTP client behaves like undici: it sends the same bytes, and has the same results for any response. */
import { once } from "node:events";
import type { Socket } from "node:net";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Egress, parseAllowList } from "../src/index.ts";
import type { EgressOptions, EgressRequest, EgressResult, NameService } from "../src/index.ts";
import { makeCertificates } from "../src/lab/certificates.ts";
import { RawServer } from "./raw-server.ts";
import type { Responder } from "./raw-server.ts";
import { CORPUS, mutated } from "./responses.ts";
import { HANG_MS } from "./client.ts";

const CLIENTS = ["builtin", "undici"] as const;
const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const answer: Responder = (socket) => socket.write(OK);

/** Every name resolves to this machine. */
const everyName: NameService = {
  query: (_host, family) => Promise.resolve({ addresses: family === 4 ? ["127.0.0.1"] : [], ttl: 60 }),
  probe: () => Promise.resolve(),
  system: () => Promise.resolve(["127.0.0.1"]),
  cancel: () => {},
};

const open = (client: (typeof CLIENTS)[number], more: EgressOptions = {}) =>
  new Egress({ client, allow: parseAllowList("loopback"), nameService: everyName, ...more });

function send(egress: Egress, url: string, more: Partial<EgressRequest> = {}): Promise<EgressResult> {
  const body = Buffer.from("{}");
  return egress.send({ method: "POST", url, headers: [], body, timeoutMs: HANG_MS, maxResponseBytes: 1000, ...more });
}

const TLS_RECEIVER = `
  const { parentPort, workerData } = require("node:worker_threads");
  const server = require("node:tls").createServer(workerData, (socket) => {
    socket.on("error", () => {});
    socket.on("data", () => socket.write(${JSON.stringify(OK)}));
  });
  server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
`;

const later = (ms = 20) => new Promise((resolve) => setTimeout(resolve, ms));

describe("the bytes of a request are the same as those of undici", () => {
  const bodies: Record<string, Uint8Array | null> = {
    "no body": null,
    "an empty body": new Uint8Array(0),
    "a small body": Buffer.from('{"caf\xe9":1}', "latin1"),
    "a body of 100 KiB": Buffer.alloc(100 * 1024, "body "),
    "a view of a larger buffer": Buffer.from("before{}after").subarray(6, 8),
  };
  const headers: readonly (readonly string[])[] = [
    [],
    ["content-type", "application/json", "User-Agent", "Posthorn/1", "webhook-ID", "msg_1", "X-B", "2", "x-a", "1"],
    ["Accept-Encoding", "br", "x-empty", "", "x-latin", "caf\xe9 \t", "x-twice", "1", "x-twice", "2", "cookie", "a=b"],
  ];
  const methods = [
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "GET",
    "HEAD",
    "OPTIONS",
    "QUERY",
    "PROPFIND",
    "TRACE",
    "post",
    "X",
  ];
  const paths = ["", "/", "/hook?a=%20b&c=\xfc", "/caf\xe9/[x]?q='\"^`{}|"];

  async function recorded(client: (typeof CLIENTS)[number], host: string, requests: readonly Partial<EgressRequest>[]) {
    await using server = await RawServer.start((socket, request) => {
      // A response to HEAD has no body.
      socket.write(request.startsWith("HEAD") ? "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n" : OK);
    });
    const { port } = new URL(server.url);
    await using egress = open(client);
    for (const { url = "", ...more } of requests) {
      const result = await send(egress, `http://${host}:${port}${url}`, more);
      expect(result, `${more.method} with ${client}`).toMatchObject({ kind: "response", status: 200 });
    }
    return server.received.map((bytes) => bytes.replaceAll(port, "PORT"));
  }

  test("for every method, body, header list and path, on the same connections", async () => {
    const requests = methods.flatMap((method) => [
      ...Object.values(bodies).map((body) => ({ method, body })),
      ...headers.map((list) => ({ method, headers: list })),
    ]);
    const more = paths.map((url) => ({ url }));
    const all = [...requests, ...more];
    const builtin = await recorded("builtin", "127.0.0.1", all);
    expect(builtin).toEqual(await recorded("undici", "127.0.0.1", all));
    // One connection is used for many requests, and connections that undici closes are closed.
    expect(builtin.length).toBeGreaterThan(1);
    expect(builtin.length).toBeLessThan(all.length);
  });

  test.each(["hooks.customer.com", "HOOKS.Customer.com", "hooks.customer.com.", "b\xfccher.customer.com", "0x7f.1"])(
    "for the host %s",
    async (host) => {
      const builtin = await recorded("builtin", host, [{}]);
      expect(builtin).toEqual(await recorded("undici", host, [{}]));
      expect(builtin[0]).toMatch(/^POST \/ HTTP\/1\.1\r\nhost: [^\r]+:PORT\r\nconnection: keep-alive\r\n/);
    },
  );

  test.each([["CONNECT"], [""], ["PO ST"], ["POST /x HTTP/1.1\r\nx:"]])(
    "and the method %j is refused",
    async (method) => {
      await using server = await RawServer.start(answer);
      for (const client of CLIENTS) {
        await using egress = open(client);
        expect(await send(egress, server.url, { method })).toMatchObject({ kind: "error", code: "bad_request" });
      }
      expect(server.received.join("")).toBe("");
    },
  );

  test.each([
    ["a line break", "a\r\nb: c"],
    ["NUL", "a\0"],
    ["DEL", "a\x7f"],
    ["a character beyond Latin-1", "\u20ac"],
  ])("and a header value with %s is refused", async (_title, value) => {
    await using server = await RawServer.start(answer);
    for (const client of CLIENTS) {
      await using egress = open(client);
      expect(await send(egress, server.url, { headers: ["x", value] })).toMatchObject({ code: "bad_request" });
    }
    expect(server.received.join("")).toBe("");
  });
});

/** Cases in which the results may differ, each for a reason. */
function isKnownDifference(response: string, builtin: unknown, undici: unknown): boolean {
  // undici counts a space after the length as a digit, and rejects the body.
  if (/content-length:[ \t]*\d+ +\r/i.test(response)) return true;
  // llhttp accepts a second carriage return after the status line.
  if (/\r\r/.test(response)) return true;
  // If a head is cut off within an invalid line, one parser may report it earlier than the other.
  const codes = JSON.stringify([builtin, undici]);
  return !response.includes("\r\n\r\n") && /^\[{"code":"(reset|protocol)"},{"code":"(reset|protocol)"}\]$/.test(codes);
}

describe("a response has the same result as with undici", () => {
  let reply = "";
  let cuts: readonly number[] = [];
  let server: RawServer;
  let egresses: readonly Egress[] = [];

  beforeAll(async () => {
    server = await RawServer.start((socket) => void respond(socket));
    egresses = CLIENTS.map((client) => open(client, { maxHeaderBytes: 600 }));
  });
  afterAll(async () => {
    for (const egress of egresses) await egress.close();
    await server[Symbol.asyncDispose]();
  });

  async function respond(socket: Parameters<Responder>[0]): Promise<void> {
    const bytes = Buffer.from(reply, "latin1");
    let at = 0;
    for (const cut of cuts) {
      if (at >= bytes.length) break;
      socket.write(bytes.subarray(at, at + cut));
      at += cut;
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.end(bytes.subarray(at));
  }

  function seen(result: EgressResult): unknown {
    if (result.kind === "error") return { code: result.code };
    const { status, headers, body, truncated, bodyError, location } = result;
    return { status, headers, body: Buffer.from(body).toString("latin1"), truncated, code: bodyError?.code, location };
  }

  /** The results of the built-in client and of undici for a response, or nothing where they may differ. */
  async function both(response: string, pieces: readonly number[]): Promise<readonly unknown[]> {
    reply = response;
    cuts = pieces;
    const results: unknown[] = [];
    for (const egress of egresses) results.push(seen(await send(egress, server.url)));
    const [builtin, undici] = results;
    return isKnownDifference(response, builtin, undici) ? [] : results;
  }

  test("for each response of the corpus, in one piece and byte by byte", async () => {
    for (const response of CORPUS) {
      for (const pieces of [[], Array.from({ length: 60 }, () => 1)]) {
        const [builtin, undici] = await both(response, pieces);
        expect([response, builtin]).toEqual([response, undici]);
      }
    }
  });

  test("for mutations of the corpus, split at any position", async () => {
    const pieces = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 4 });
    const isSame = async (response: string, cutAt: readonly number[]) => {
      const [builtin, undici] = await both(response, cutAt);
      expect(builtin).toEqual(undici);
    };
    await fc.assert(fc.asyncProperty(mutated, pieces, isSame), { numRuns: 500, seed: 20_261_127 });
  });
});

describe.each(CLIENTS)("a connection of the client %s", (client) => {
  test("serves one request after the other", async () => {
    await using server = await RawServer.start(answer);
    await using egress = open(client);
    const reused: boolean[] = [];
    for (let index = 0; index < 5; index++) reused.push((await send(egress, server.url)).timings.reused);
    expect(reused).toEqual([false, true, true, true, true]);
    expect(server.received).toHaveLength(1);
  });

  test("is reused over TLS, too, however fast the responses come", async () => {
    const { ca, good } = await makeCertificates(Date.now());
    // A separate thread responds before Node reports that the request was written.
    const receiver = new Worker(TLS_RECEIVER, { eval: true, workerData: good });
    const [port] = (await once(receiver, "message")) as [number];
    await using egress = open(client, { tls: { ca: ca.cert } });
    let opened = 0;
    for (let round = 0; round < 10; round++) {
      const results = await Promise.all(Array.from({ length: 16 }, () => send(egress, `https://127.0.0.1:${port}/`)));
      expect(results.map((result) => result.kind)).toEqual(Array.from({ length: 16 }, () => "response"));
      opened += results.filter(({ timings }) => !timings.reused).length;
    }
    await receiver.terminate();
    expect(opened).toBe(16);
  });

  test("that the peer closed while idle costs no request", async () => {
    await using server = await RawServer.start(
      (socket) => void socket.write(OK, () => setTimeout(() => socket.end(), 5)),
    );
    await using egress = open(client);
    for (let index = 0; index < 3; index++) {
      expect(await send(egress, server.url)).toMatchObject({ kind: "response", status: 200 });
      await vi.waitFor(() => expect(egress.stats.sockets).toBe(0), HANG_MS);
    }
    expect(server.received).toHaveLength(3);
  });

  test("that the peer closed just before the request costs no request either", async () => {
    const sockets: Socket[] = [];
    await using server = await RawServer.start((socket) => {
      sockets.push(socket);
      socket.write(OK);
    });
    await using egress = open(client);
    await send(egress, server.url);
    await later();
    // The client does not know about it yet when the request is made.
    sockets[0]!.destroy();
    expect(await send(egress, server.url)).toMatchObject({ status: 200, timings: { reused: false } });
  });

  test("that the peer closed after the request was written is reported, and the request is not sent again", async () => {
    await using server = await RawServer.start((socket, _request, index) => {
      if (index === 0) socket.write(OK);
      else socket.end();
    });
    await using egress = open(client);
    await send(egress, server.url);
    expect(await send(egress, server.url)).toMatchObject({ code: "reset", timings: { reused: true } });
    expect(server.received).toHaveLength(1);
  });

  test("is closed when the peer sends bytes while it is idle, which are not taken for a response", async () => {
    await using server = await RawServer.start((socket, _request, index) => {
      socket.write(OK);
      if (index === 0) setTimeout(() => socket.write("HTTP/1.1 418 Smuggled\r\ncontent-length: 0\r\n\r\n"), 5);
    });
    await using egress = open(client);
    for (let index = 0; index < 3; index++) {
      expect(await send(egress, server.url)).toMatchObject({ status: 200, timings: { reused: false } });
      await vi.waitFor(() => expect(egress.stats.sockets).toBe(0), HANG_MS);
    }
    expect(server.received).toHaveLength(3);
  });

  test("is closed after a response that was longer than its limit", async () => {
    await using server = await RawServer.start((socket) =>
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 2000\r\n\r\n${"x".repeat(2000)}`),
    );
    await using egress = open(client);
    expect(await send(egress, server.url)).toMatchObject({ truncated: true });
    expect(egress.stats.sockets).toBe(0);
    expect(await send(egress, server.url, { maxResponseBytes: 2000 })).toMatchObject({ truncated: false });
    expect(egress.stats.idle).toBe(1);
  });

  test("is closed after keepAliveMs of idle time, or earlier if the peer announced that", async () => {
    await using server = await RawServer.start((socket, request) => {
      const announced = /x-idle: (\d+)/.exec(request)?.[1];
      socket.write(
        announced === undefined ? OK : OK.replace("\r\n\r\n", `\r\nkeep-alive: timeout=${announced}\r\n\r\n`),
      );
    });
    await using egress = open(client, { keepAliveMs: 100 });
    await send(egress, server.url);
    expect(egress.stats.idle).toBe(1);
    await vi.waitFor(() => expect(egress.stats.sockets).toBe(0), HANG_MS);
    // Two seconds are deducted, so that no request is sent while the peer closes the connection.
    await send(egress, server.url, { headers: ["x-idle", "2"] });
    expect(egress.stats.sockets).toBe(0);
    await send(egress, server.url, { headers: ["x-idle", "20"] });
    await later(400);
    expect(egress.stats.idle).toBe(1);
  });

  test("that refuses a request before it is written serves no other request with its bytes", async () => {
    await using server = await RawServer.start(answer);
    await using egress = open(client);
    await send(egress, server.url);
    expect(await send(egress, server.url, { maySend: () => false })).toMatchObject({ code: "canceled" });
    expect(await send(egress, server.url)).toMatchObject({ status: 200 });
    expect(server.received.join("").match(/POST/g)).toHaveLength(2);
  });

  test("whose request fails in maySend fails that request only", async () => {
    await using server = await RawServer.start(answer);
    await using egress = open(client);
    const maySend = () => {
      throw new Error("not now");
    };
    // The first on a new connection, the second on a reused one, written in one turn with others.
    expect(await send(egress, server.url, { maySend })).toMatchObject({ kind: "error" });
    await Promise.all([send(egress, server.url), send(egress, server.url)]);
    const [failed, other] = await Promise.all([send(egress, server.url, { maySend }), send(egress, server.url)]);
    expect(failed).toMatchObject({ kind: "error" });
    expect(other).toMatchObject({ kind: "response", status: 200 });
  });

  test("reads a response that the peer sent in the same segment as the end of the connection", async () => {
    await using server = await RawServer.start((socket) => void socket.end("HTTP/1.1 200 OK\r\n\r\nuntil the end"));
    await using egress = open(client);
    const result = await send(egress, server.url);
    expect(result.kind === "response" && Buffer.from(result.body).toString()).toBe("until the end");
  });

  test("aborts all requests of a signal at once, and none of another signal", async () => {
    await using server = await RawServer.start((socket, request) => {
      if (request.includes("x-go")) socket.write(OK);
    });
    await using egress = open(client);
    const controller = new AbortController();
    const canceled = Array.from({ length: 10 }, () => send(egress, server.url, { signal: controller.signal }));
    const other = send(egress, server.url, { headers: ["x-go", "1"], signal: new AbortController().signal });
    await later();
    controller.abort();
    const codes = (await Promise.all(canceled)).map((result) => result.kind === "error" && result.code);
    expect(new Set(codes)).toEqual(new Set(["canceled"]));
    expect(await other).toMatchObject({ status: 200 });
    expect(egress.stats.requests).toBe(0);
  });
});

test("the built-in client closes a connection whose response came before the request was written completely", async () => {
  await using server = await RawServer.start(() => {});
  server.onBytes = (socket) => {
    socket.pause();
    socket.write(OK);
  };
  await using egress = open("builtin");
  const result = await send(egress, server.url, { body: Buffer.alloc(16 * 1024 * 1024) });
  expect(result).toMatchObject({ kind: "response", status: 200 });
  expect(egress.stats.sockets).toBe(0);
});
