import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { Egress, EGRESS_ERRORS, parseAllowList } from "../src/index.ts";
import type { EgressOptions, EgressRequest, EgressResult, NameService } from "../src/index.ts";
import { CLIENT, HANG_MS } from "./client.ts";

/** Resolves every name to this machine, so that one receiver stands for any number of origins. */
const everyName: NameService = {
  query: (_host, family) => Promise.resolve({ addresses: family === 4 ? ["127.0.0.1"] : [], ttl: 60 }),
  probe: () => Promise.resolve(),
  system: () => Promise.resolve(["127.0.0.1"]),
  cancel: () => {},
};

/** A receiver that delays its responses until they are released. */
async function startReceiver(handle?: (request: IncomingMessage, response: ServerResponse) => void) {
  const held: ServerResponse[] = [];
  let peak = 0;
  let open = 0;
  const server = createServer((request, response) => {
    if (request.url === "/hold") held.push(response);
    else if (handle === undefined) response.end("ok");
    else handle(request, response);
  });
  server.keepAliveTimeout = 60_000;
  server.on("connection", (socket) => {
    peak = Math.max(peak, ++open);
    socket.on("close", () => open--);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    held,
    port: (server.address() as AddressInfo).port,
    get open() {
      return open;
    },
    get peak() {
      return peak;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const client = (options: EgressOptions = {}) =>
  new Egress({ client: CLIENT, allow: parseAllowList("loopback"), nameService: everyName, ...options });
const send = (egress: Egress, url: string, more: Partial<EgressRequest> = {}): Promise<EgressResult> =>
  egress.send({
    method: "POST",
    url,
    headers: [],
    body: Buffer.from("{}"),
    timeoutMs: HANG_MS,
    maxResponseBytes: 1000,
    ...more,
  });
const code = (result: EgressResult) => (result.kind === "error" ? result.code : result.status);

describe("the limit of sockets", () => {
  test("applies across thousands of origins, and pools disappear with their sockets", async () => {
    await using receiver = await startReceiver();
    await using egress = client({ maxSockets: 50, maxUrls: 500 });
    let next = 0;
    const wrong: unknown[] = [];
    const worker = async () => {
      while (next < 3000) {
        const result = await send(egress, `http://h${next++}.customer.com:${receiver.port}/`);
        if (code(result) !== 200) wrong.push(result);
        if (egress.stats.sockets > 50 || egress.stats.origins > 50 || egress.stats.urls > 500) wrong.push(egress.stats);
      }
    };
    await Promise.all(Array.from({ length: 20 }, worker));
    expect(wrong).toEqual([]);
    expect(receiver.peak).toBeLessThanOrEqual(60);
    await egress.close();
    await vi.waitFor(() => expect(receiver.open).toBe(0), HANG_MS);
  });

  test("the socket that was idle longest is closed first, and the last used one is kept", async () => {
    await using receiver = await startReceiver();
    await using egress = client({ maxSockets: 2 });
    const reused = async (name: string) =>
      (await send(egress, `http://${name}.customer.com:${receiver.port}/`)).timings.reused;
    expect([await reused("a"), await reused("b"), await reused("a"), await reused("c")]).toEqual([
      false,
      false,
      true,
      false,
    ]);
    expect(await reused("a")).toBe(true);
    expect(await reused("b")).toBe(false);
  });

  test("a request without a free socket waits, and a timeout then counts as our fault", async () => {
    await using receiver = await startReceiver();
    await using egress = client({ maxSockets: 1 });
    const first = send(egress, `http://a.customer.com:${receiver.port}/hold`);
    await vi.waitFor(() => expect(receiver.held).toHaveLength(1), HANG_MS);
    const late = await send(egress, `http://b.customer.com:${receiver.port}/`, { timeoutMs: 50 });
    expect(late).toMatchObject({ code: "no_sockets", fault: "ours" });
    const patient = send(egress, `http://b.customer.com:${receiver.port}/`);
    receiver.held[0]!.end("done");
    expect(code(await first)).toBe(200);
    expect(code(await patient)).toBe(200);
  });

  test("is per origin: a slow origin does not use up the sockets of others", async () => {
    await using receiver = await startReceiver();
    await using egress = client({ maxSockets: 10, maxSocketsPerOrigin: 3 });
    const slow = Array.from({ length: 20 }, () => send(egress, `http://slow.customer.com:${receiver.port}/hold`));
    await vi.waitFor(() => expect(receiver.held).toHaveLength(3), HANG_MS);
    const fast = await Promise.all(
      Array.from({ length: 50 }, () => send(egress, `http://fast.customer.com:${receiver.port}/`)),
    );
    expect(fast.every((result) => code(result) === 200)).toBe(true);
    for (let done = 0; done < 20; done++) {
      await vi.waitFor(() => expect(receiver.held.length).toBeGreaterThan(done), HANG_MS);
      receiver.held[done]!.end();
    }
    expect((await Promise.all(slow)).map(code)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(receiver.peak).toBeLessThanOrEqual(6);
  });

  test("can be changed: requests that wait get the sockets of a higher limit", async () => {
    await using receiver = await startReceiver();
    await using egress = client({ maxSockets: 10, maxSocketsPerOrigin: 2 });
    const held = Array.from({ length: 4 }, () => send(egress, `http://a.customer.com:${receiver.port}/hold`));
    await vi.waitFor(() => expect(receiver.held).toHaveLength(2), HANG_MS);
    egress.limitSockets({ maxSockets: 3, maxSocketsPerOrigin: 10 });
    await vi.waitFor(() => expect(receiver.held).toHaveLength(3), HANG_MS);
    expect(egress.stats.sockets).toBe(3);
    egress.limitSockets({ maxSockets: 4, maxSocketsPerOrigin: 10 });
    await vi.waitFor(() => expect(receiver.held).toHaveLength(4), HANG_MS);
    for (const response of receiver.held) response.end();
    expect((await Promise.all(held)).map(code)).toEqual([200, 200, 200, 200]);
  });

  test("many concurrent requests over few sockets all get a response, in order", async () => {
    await using receiver = await startReceiver();
    await using egress = client({ maxSockets: 7, maxSocketsPerOrigin: 2 });
    const all = Array.from({ length: 600 }, (_none, index) =>
      send(egress, `http://h${index % 6}.customer.com:${receiver.port}/`),
    );
    expect(new Set((await Promise.all(all)).map(code))).toEqual(new Set([200]));
    expect(egress.stats.sockets).toBeLessThanOrEqual(7);
  });

  test("a socket past its maximum age is not reused, so that DNS changes take effect", async () => {
    await using receiver = await startReceiver();
    let now = 0;
    await using egress = client({ now: () => now, maxSocketAgeMs: 1000 });
    const url = `http://a.customer.com:${receiver.port}/`;
    await send(egress, url);
    now = 999;
    expect((await send(egress, url)).timings.reused).toBe(true);
    now = 1001;
    expect((await send(egress, url)).timings.reused).toBe(false);
  });
});

describe("aborting and closing", () => {
  test("an aborted signal ends the request at once and frees its socket", async () => {
    await using receiver = await startReceiver();
    await using egress = client();
    const controller = new AbortController();
    const sent = send(egress, `http://a.customer.com:${receiver.port}/hold`, { signal: controller.signal });
    await vi.waitFor(() => expect(receiver.held).toHaveLength(1), HANG_MS);
    controller.abort();
    expect(await sent).toMatchObject({ code: "canceled", fault: "canceled" });
    expect(egress.stats).toMatchObject({ sockets: 0, requests: 0 });
    const early = await send(egress, `http://a.customer.com:${receiver.port}/`, { signal: controller.signal });
    expect(code(early)).toBe("canceled");
  });

  test("close ends running requests with shutdown, refuses later ones, and can be called twice", async () => {
    await using receiver = await startReceiver();
    const egress = client();
    const sent = send(egress, `http://a.customer.com:${receiver.port}/hold`);
    await vi.waitFor(() => expect(receiver.held).toHaveLength(1), HANG_MS);
    await Promise.all([egress.close(), egress.close()]);
    expect(await sent).toMatchObject({ code: "shutdown", fault: "ours" });
    expect(code(await send(egress, `http://a.customer.com:${receiver.port}/`))).toBe("shutdown");
    await vi.waitFor(() => expect(receiver.open).toBe(0), HANG_MS);
  });

  test("at any moment leaves no resources behind", async () => {
    await using receiver = await startReceiver();
    for (let delay = 0; delay < 12; delay++) {
      const egress = client({ maxSockets: 4, maxSocketsPerOrigin: 2 });
      const sent = Array.from({ length: 20 }, (_none, index) =>
        send(egress, `http://h${index % 4}.customer.com:${receiver.port}/`, { timeoutMs: 1 + (index % 5) }),
      );
      await new Promise((resolve) => setTimeout(resolve, delay));
      await egress.close();
      await Promise.all(sent);
      expect(egress.stats).toMatchObject({ sockets: 0, idle: 0, origins: 0, requests: 0 });
    }
    await vi.waitFor(() => expect(receiver.open).toBe(0), HANG_MS);
  });
});

describe("send", () => {
  test("never rejects for any input, and always returns an exported code", async () => {
    await using egress = new Egress({
      client: CLIENT,
      allow: parseAllowList("10.255.255.1"),
      nameService: everyName,
      connectTimeoutMs: 5,
    });
    const anything = fc.oneof(
      fc.string(),
      fc.webUrl(),
      fc.constantFrom("http://[", "http://%zz/", "https://1.1.1.1:99999/", "http://a.com:80/ "),
    );
    const request = fc.record({
      method: fc.oneof(fc.constantFrom("GET", "POST", "PUT"), fc.string()),
      url: anything,
      headers: fc.array(fc.string(), { maxLength: 5 }),
      body: fc.option(fc.uint8Array({ maxLength: 10 })),
      timeoutMs: fc.integer({ min: -5, max: 10 }),
      maxResponseBytes: fc.integer({ min: 0, max: 10 }),
    });
    await fc.assert(
      fc.asyncProperty(request, async (value) => {
        const result = await egress.send(value);
        expect(result.kind === "error" && result.code in EGRESS_ERRORS).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    "Host",
    "HOST",
    "content-length",
    "Transfer-Encoding",
    "Connection",
    "Upgrade",
    "Expect",
    "TE",
    "Proxy-Authorization",
  ])("refuses the header %s from outside, before any traffic", async (name) => {
    await using receiver = await startReceiver();
    await using egress = client();
    expect(await send(egress, `http://a.customer.com:${receiver.port}/`, { headers: [name, "x"] })).toMatchObject({
      code: "bad_request",
      fault: "ours",
    });
    expect(receiver.peak).toBe(0);
  });

  test.each([
    ["a line break in a value", ["x-a", "b\r\nx-c: d"]],
    ["a line break in a name", ["x-a\r\nx-b", "c"]],
    ["a space in a name", ["x a", "b"]],
    ["a name without a value", ["x-a"]],
  ])("refuses %s", async (_title, headers) => {
    await using receiver = await startReceiver();
    await using egress = client();
    expect(code(await send(egress, `http://a.customer.com:${receiver.port}/`, { headers }))).toBe("bad_request");
  });

  test("sends headers in the given case and order, requests identity, and decompresses nothing", async () => {
    const seen: string[][] = [];
    await using receiver = await startReceiver((request, response) => {
      seen.push(request.rawHeaders);
      response.end();
    });
    await using egress = client();
    await send(egress, `http://a.customer.com:${receiver.port}/`, {
      headers: ["webhook-ID", "msg_1", "X-B", "2", "x-a", "1"],
    });
    await send(egress, `http://a.customer.com:${receiver.port}/`, { headers: ["Accept-Encoding", "br"] });
    const [first = [], second = []] = seen;
    expect(first.join("|")).toContain("webhook-ID|msg_1|X-B|2|x-a|1|accept-encoding|identity");
    expect(second.filter((part) => /accept-encoding/i.test(part))).toEqual(["Accept-Encoding"]);
  });

  test("sends the bytes of the body unchanged", async () => {
    const body = Buffer.from([0, 255, 10, 13, 128, 34]);
    const got: Buffer[] = [];
    await using receiver = await startReceiver((request, response) => {
      request.on("data", (chunk: Buffer) => got.push(chunk));
      request.on("end", () => response.end());
    });
    await using egress = client();
    // A view into a larger buffer, as a store may return it.
    const view = new Uint8Array(Buffer.concat([Buffer.from("before"), body, Buffer.from("after")]).buffer);
    const at = Buffer.from(view).indexOf(body);
    await send(egress, `http://a.customer.com:${receiver.port}/`, { body: view.subarray(at, at + body.length) });
    expect(Buffer.concat(got)).toEqual(body);
  });
});

describe("check and validateUrl", () => {
  test("return the same result as send, without a connection", async () => {
    await using receiver = await startReceiver();
    await using egress = client({ tenantAllow: parseAllowList("*.internal") });
    expect(await egress.check(`http://a.customer.com:${receiver.port}/`)).toEqual({
      allowed: true,
      addresses: ["127.0.0.1"],
    });
    expect(await egress.check("http://a.customer.com/", parseAllowList("external"))).toMatchObject({
      allowed: false,
      code: "blocked_address",
    });
    expect(await egress.check("http://user@a.customer.com/")).toMatchObject({ allowed: false, code: "blocked_url" });
    expect(egress.validateUrl("https://a.customer.com/")).toBeNull();
    expect(egress.validateUrl("https://db.internal/")).toMatchObject({ rule: "private-suffix" });
    expect(egress.validateUrl("https://db.internal/", parseAllowList("*.internal"))).toBeNull();
    expect(receiver.peak).toBe(0);
  });
});
