import { request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "@posthorn/testkit";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { seededRandom, testSeed } from "../lib/random.ts";
import { collect, openSocket, sendRaw } from "../lib/raw-http.ts";
import { useWorld } from "../lib/world.ts";

const world = useWorld();
const PUBLISH = "/api/v1/app/hostile/msg";

beforeAll(async () => {
  await world.api.post("/api/v1/app", { name: "Hostile", uid: "hostile" });
});

afterEach(async () => {
  const { status } = await world.api.get("/health", { token: null });
  if (status !== 204) throw new Error(`the server is no longer healthy: ${status}`);
});

/** The header lines of a publish request. */
function head(headers: Record<string, string | number>): string {
  const all = { host: "x", authorization: `Bearer ${world.server.token}`, ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${PUBLISH} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

async function messages(): Promise<number> {
  return (await world.api.get(`${PUBLISH}?limit=250`)).json.data.length as number;
}

describe("a body", () => {
  it.each([
    ["{", /position 1\b/],
    ['{"eventType":"a",}', /position 17\b/],
    ['{"eventType":"a" "payload":{}}', /position 17\b/],
    ["nonsense", /position 1\b/],
    ['{"a":NaN}', /position 5\b/],
    ['{"a":01}', /position 6\b/],
    ['{"a":"\u0001"}', /position 6\b/],
    ["\ufeff{}", /position 0\b/],
    ["{}{}", /position 2\b/],
  ])("that is not JSON is refused with the position of the mistake: %j", async (body, place) => {
    const response = await world.api.post(PUBLISH, body);
    expect(response.status).toBe(422);
    expect(response.json.detail[0].msg).toMatch(place);
  });

  it.each([
    ["a byte of no character", Buffer.from('{"eventType":"a","payload":{"a":"\xff"}}', "latin1")],
    ["a character cut off", Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xe2, 0x82]), Buffer.from('"}')])],
    ["a longer form than needed", Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')])],
    [
      "half a surrogate pair",
      Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')]),
    ],
    ["a compressed one", Buffer.from("1f8b0800000000000003ab560500", "hex")],
  ])("that is not valid UTF-8 is rejected: %s", async (_what, body) => {
    const response = await world.api.post(PUBLISH, body);
    expect(response.status).toBe(422);
    expect(response.json.detail[0].msg).toContain("UTF-8");
  });

  it.each([
    "application/json",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    ";;;",
    "a/b/c",
  ])("is parsed as JSON regardless of its content type: %s", async (type) => {
    const response = await world.api.post(PUBLISH, '{"eventType":"a","payload":{}}', {
      headers: { "content-type": type },
    });
    expect(response.status).toBe(202);
  });

  it.each([
    ["lists", "[".repeat(500_000)],
    ["closed lists", `{"eventType":"a","payload":{},"unknown":${"[".repeat(200_000)}${"]".repeat(200_000)}}`],
    ["objects", `${'{"a":'.repeat(200_000)}1${"}".repeat(200_000)}`],
    [
      "lists in a field that is looked into",
      `{"eventType":"a","payload":{},"tags":${"[".repeat(200_000)}${"]".repeat(200_000)}}`,
    ],
  ])("with very deep nesting does no harm: %s", async (_what, body) => {
    expect([202, 422]).toContain((await world.api.post(PUBLISH, body)).status);
  });

  it("with a very deeply nested schema is refused without a server error", async () => {
    const deep = `${'{"items":'.repeat(20_000)}{}${"}".repeat(20_000)}`;
    const body = `{"name":"deep.schema","description":"","schemas":{"1":${deep}}}`;
    expect([201, 422]).toContain((await world.api.post("/api/v1/event-type", body)).status);
  });

  it("of 10 MB is refused with 413, whether its length is declared or not", async () => {
    const body = Buffer.alloc(10 * 1024 * 1024, " ");
    // The server closes the connection while the client still writes: a reset can overtake the response.
    const known = await eventually(() => world.api.post(PUBLISH, body));
    expect([known.status, known.json.code]).toEqual([413, "payload_too_large"]);
    expect(await eventually(() => chunked(body))).toBe(413);
  });

  it("that ends before its declared length stores nothing", async () => {
    const before = await messages();
    const body = '{"eventType":"a","payload":{}}';
    const halfOpen = await sendRaw(world.server.url, head({ "content-length": 1000 }) + body, { half: true });
    expect(halfOpen.statuses).not.toContain(202);
    const socket = await openSocket(world.server.url);
    socket.write(head({ "content-length": body.length + 1 }) + body);
    await delay(50);
    socket.destroy();
    expect(await messages()).toBe(before);
  });

  it("that is longer than its declared length is cut off there, and the rest is not read as a request", async () => {
    const body = '{"eventType":"a","payload":{}}';
    const { statuses } = await sendRaw(
      world.server.url,
      `${head({ "content-length": body.length })}${body}junk junk\r\n\r\n`,
    );
    expect(statuses.filter((status) => status < 300).length).toBeLessThanOrEqual(1);
    expect(statuses.every((status) => status === 202 || status === 400)).toBe(true);
  });
});

function chunked(body: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${world.server.token}`, "transfer-encoding": "chunked" };
    const sent = request(`${world.server.url}${PUBLISH}`, { method: "POST", headers }, (response) => {
      response.resume();
      resolve(response.statusCode!);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

describe("bytes that are not a request", () => {
  it.each<[string, string, number]>([
    ["nonsense", "nonsense\r\n\r\n", 400],
    ["a TLS hello", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000", 400],
    ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
    ["a header without a name", "GET /health HTTP/1.1\r\nhost: x\r\n: x\r\n\r\n", 400],
    ["a NUL in a header", "GET /health HTTP/1.1\r\nhost: x\r\na: \u0000\r\n\r\n", 400],
    ["no host", "GET /health HTTP/1.1\r\n\r\n", 400],
    ["a negative length", "POST /health HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n", 400],
    ["two lengths", "POST /health HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", 400],
    [
      "a length and chunks",
      "POST /health HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
    ],
    ["chunks of no length", `POST ${PUBLISH} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n`, 400],
    ["headers of 100 KB", `GET /health HTTP/1.1\r\nhost: x\r\na: ${"a".repeat(100_000)}\r\n\r\n`, 431],
    ["ten thousand headers", `GET /health HTTP/1.1\r\nhost: x\r\n${"a: b\r\n".repeat(10_000)}\r\n`, 431],
    ["a path of 100 KB", `GET /${"a".repeat(100_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, 431],
    ["an unknown method", "STEAL /health HTTP/1.1\r\nhost: x\r\n\r\n", 400],
  ])("are refused, and the connection is closed: %s", async (_what, bytes, status) => {
    const response = await sendRaw(world.server.url, Buffer.from(bytes, "latin1"));
    expect(response.statuses.at(0) ?? 400).toBe(status);
  });

  it.each(["nonsense\r\n\r\n", `GET /health HTTP/1.1\r\nhost: x\r\na: ${"a".repeat(100_000)}\r\n\r\n`])(
    "are answered in JSON, like any other error",
    async (bytes) => {
      expect((await sendRaw(world.server.url, bytes)).json).toMatchObject({
        code: expect.any(String) as string,
        detail: expect.any(String) as string,
      });
    },
  );

  it.each(["CONNECT example.com:443", "TRACE /health", "GET http://example.com/", "OPTIONS *"])(
    "do no harm as an unusual method or path: %s",
    async (line) => {
      const socket = await openSocket(world.server.url);
      const response = collect(socket, 20_000);
      socket.end(`${line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
      expect((await response).statuses.every((status) => status < 500)).toBe(true);
    },
  );

  it("after valid requests on one connection neither affect their responses nor get a successful one", async () => {
    const good = "GET /health HTTP/1.1\r\nhost: x\r\n\r\n";
    const { statuses } = await sendRaw(world.server.url, `${good.repeat(20)}\u0001\u0002nonsense\r\n\r\n`);
    expect(statuses.slice(0, -1).every((status) => status === 204)).toBe(true);
    expect(statuses.length).toBeLessThanOrEqual(21);
  });

  it("from many connections at the same time do no harm", async () => {
    const random = seededRandom(testSeed());
    const junk = (): Buffer => Buffer.from(Array.from({ length: 1 + random.below(400) }, () => random.below(256)));
    const cut = (): Buffer => {
      const body = '{"eventType":"a","payload":{}}';
      const whole = Buffer.from(head({ "content-length": body.length }) + body);
      whole[random.below(whole.length)] = random.below(256);
      return whole.subarray(0, 1 + random.below(whole.length));
    };
    for (let round = 0; round < 15; round++) {
      const sent = Array.from({ length: 200 }, async (_, index) => {
        const socket = await openSocket(world.server.url);
        socket.on("error", () => undefined);
        socket.end(index % 2 === 0 ? junk() : cut());
        socket.resume();
        await new Promise((resolve) => socket.once("close", resolve));
      });
      await Promise.all(sent);
    }
    const token = "nonsense";
    const refused = Array.from({ length: 1000 }, () => world.api.post(PUBLISH, "{", { token }));
    expect(new Set((await Promise.all(refused)).map((response) => response.status))).toEqual(new Set([401]));
    const published = await world.api.post(PUBLISH, { eventType: "a", payload: { still: "here" } });
    expect(published.status).toBe(202);
  });
});
