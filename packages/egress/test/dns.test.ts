import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { describe, expect, test } from "vitest";
import { Egress, parseAllowList } from "../src/index.ts";
import type { EgressOptions, EgressResult } from "../src/index.ts";
import { startDnsServer } from "./dns-server.ts";
import type { DnsServer, Question, Reply } from "./dns-server.ts";
import { CLIENT, HANG_MS } from "./client.ts";

/** A receiver on `127.0.0.1` that counts connections and echoes the Host header. */
async function startReceiver() {
  let connections = 0;
  const server = createServer((request, response) => response.end(request.headers.host));
  server.on("connection", () => connections++);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const HOST = "hooks.customer.com";
/** Allows only this address, so that every other address is treated like a private one. */
const ONE = parseAllowList("127.0.0.1");

const client = (dns: DnsServer, more: EgressOptions = {}) =>
  new Egress({
    client: CLIENT,
    allow: ONE,
    ...more,
    dns: { servers: [dns.address], timeoutMs: 20_000, tries: 2, ...more.dns },
  });

const post = (egress: Egress, port: number, host = HOST): Promise<EgressResult> =>
  egress.send({
    method: "POST",
    url: `http://${host}:${port}/`,
    headers: [],
    body: null,
    timeoutMs: HANG_MS,
    maxResponseBytes: 1000,
  });

/** Replies for {@link HOST}. All other names resolve. */
const zone = (reply: (question: Question) => Reply) => (question: Question) =>
  question.name === HOST ? reply(question) : ({ rcode: "NXDOMAIN" } as const);

const code = (result: EgressResult) => (result.kind === "error" ? result.code : result.status);

describe("DNS rebinding", () => {
  test("a name that resolves to a denied address on a later look-up is refused without dialling", async () => {
    await using receiver = await startReceiver();
    let bad = false;
    await using dns = await startDnsServer(
      zone(({ type }) => (type === "A" ? { a: [bad ? "169.254.169.254" : "127.0.0.1"], ttl: 0 } : {})),
    );
    let now = 0;
    await using egress = client(dns, { now: () => now, maxSocketAgeMs: 500 });
    expect(code(await post(egress, receiver.port))).toBe(200);
    bad = true;
    now += 2000;
    const second = await post(egress, receiver.port);
    expect(second).toMatchObject({ kind: "error", code: "blocked_address", fault: "refused" });
    expect(receiver.connections).toBe(1);
  });

  test("the checked address is the dialled address, although every query gets a different reply", async () => {
    await using receiver = await startReceiver();
    let asked = 0;
    // The first look-up returns an allowed address, and the second one, which would be used for dialling, a denied one.
    await using dns = await startDnsServer(
      zone(({ type }) => (type === "A" ? { a: [asked++ === 0 ? "127.0.0.1" : "10.0.0.1"], ttl: 0 } : {})),
    );
    await using egress = client(dns);
    const result = await post(egress, receiver.port);
    expect(result).toMatchObject({ kind: "response", status: 200, peer: `127.0.0.1:${receiver.port}` });
    expect(asked).toBe(1);
  });

  test.each([
    ["a good and a bad A", { a: ["127.0.0.1", "10.0.0.1"] }, {}],
    ["a bad A behind many good ones", { a: [...Array.from({ length: 12 }, () => "127.0.0.1"), "192.168.0.1"] }, {}],
    ["a good A and a bad AAAA", { a: ["127.0.0.1"] }, { aaaa: ["fd00:ec2::254"] }],
    ["a good A and a mapped AAAA", { a: ["127.0.0.1"] }, { aaaa: ["::ffff:127.0.0.1"] }],
    [
      "a bad address at the end of a CNAME chain",
      { cname: ["a.example.net", "metadata.google.internal"], a: ["169.254.169.254"] },
      {},
    ],
  ])("%s blocks the name entirely, and nothing is dialled", async (_title, a, aaaa) => {
    await using receiver = await startReceiver();
    await using dns = await startDnsServer(zone(({ type }) => (type === "A" ? a : aaaa)));
    await using egress = client(dns);
    expect(code(await post(egress, receiver.port))).toBe("blocked_address");
    expect(receiver.connections).toBe(0);
  });

  test("a tenant sees only that the target is blocked; an operator sees rule, address, name and setting", async () => {
    await using dns = await startDnsServer(zone(({ type }) => (type === "A" ? { a: ["10.20.30.40"] } : {})));
    await using egress = client(dns, { allow: parseAllowList("external") });
    const result = await post(egress, 80);
    const other = await egress.send({
      method: "GET",
      url: "http://169.254.169.254/",
      headers: [],
      body: null,
      timeoutMs: HANG_MS,
      maxResponseBytes: 1,
    });
    expect(result.kind === "error" && other.kind === "error" && result.message === other.message).toBe(true);
    expect(result).toMatchObject({
      detail: expect.stringMatching(/private.*10\.20\.30\.40.*hooks\.customer\.com.*"private"/),
    });
    const check = await egress.check(`https://${HOST}/`);
    expect(check).toMatchObject({ allowed: false, code: "blocked_address" });
  });
});

describe("an idle socket", () => {
  test("is reused without a DNS query, and is checked again when the rules change", async () => {
    await using receiver = await startReceiver();
    await using dns = await startDnsServer(zone(({ type }) => (type === "A" ? { a: ["127.0.0.1"], ttl: 0 } : {})));
    await using egress = client(dns);
    await post(egress, receiver.port);
    const asked = dns.questions.length;
    expect(await post(egress, receiver.port)).toMatchObject({ status: 200, timings: { reused: true } });
    expect(dns.questions).toHaveLength(asked);
    egress.setRules({ allow: parseAllowList("127.0.0.1,10.0.0.0/8") });
    expect(await post(egress, receiver.port)).toMatchObject({ status: 200, timings: { reused: true } });
    egress.setRules({ allow: parseAllowList("external") });
    expect(code(await post(egress, receiver.port))).toBe("blocked_address");
    expect(receiver.connections).toBe(1);
    expect(egress.stats.sockets).toBe(0);
  });

  test("of one application is never used for another whose rules block the address", async () => {
    await using receiver = await startReceiver();
    await using dns = await startDnsServer(zone(({ type }) => (type === "A" ? { a: ["127.0.0.1"] } : {})));
    await using egress = client(dns, { allow: parseAllowList("external"), tenantAllow: ONE });
    const request = {
      method: "GET",
      url: `http://${HOST}:${receiver.port}/`,
      headers: [],
      body: null,
      timeoutMs: HANG_MS,
      maxResponseBytes: 1000,
    };
    expect(code(await egress.send({ ...request, allow: ONE }))).toBe(200);
    expect(code(await egress.send(request))).toBe("blocked_address");
    expect(code(await egress.send({ ...request, allow: parseAllowList("10.0.0.0/8") }))).toBe("blocked_address");
    expect(code(await egress.send({ ...request, allow: ONE }))).toBe(200);
    expect(receiver.connections).toBe(1);
  });
});

describe("names", () => {
  test("the Host header has the name although an address is dialled", async () => {
    await using receiver = await startReceiver();
    await using dns = await startDnsServer(
      zone(({ type }) => (type === "A" ? { cname: ["edge.example.net"], a: ["127.0.0.1"] } : {})),
    );
    await using egress = client(dns);
    const result = await post(egress, receiver.port);
    expect(result.kind === "response" && Buffer.from(result.body).toString()).toBe(`${HOST}:${receiver.port}`);
  });

  test("SNI has the name although an address is dialled", async () => {
    const names: string[] = [];
    const server = createTlsServer({
      SNICallback: (name, callback) => (names.push(name), callback(new Error("seen"))),
    });
    server.on("tlsClientError", () => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    await using dns = await startDnsServer(zone(({ type }) => (type === "A" ? { a: ["127.0.0.1"] } : {})));
    await using egress = client(dns);
    const { port } = server.address() as AddressInfo;
    await egress.send({
      method: "GET",
      url: `https://${HOST}:${port}/`,
      headers: [],
      body: null,
      timeoutMs: HANG_MS,
      maxResponseBytes: 1000,
    });
    expect(names).toEqual([HOST]);
    server.close();
  });

  test("is resolved as an absolute name, never with a search suffix", async () => {
    await using dns = await startDnsServer(() => ({ rcode: "NXDOMAIN" }));
    await using egress = client(dns);
    await post(egress, 80, "gone.customer.com");
    expect(new Set(dns.questions.map(({ name }) => name))).toEqual(new Set(["gone.customer.com"]));
  });

  test("localhost is this machine and is never looked up on a name server", async () => {
    await using receiver = await startReceiver();
    await using dns = await startDnsServer(() => ({ a: ["10.0.0.1"] }));
    await using egress = client(dns, { allow: parseAllowList("loopback") });
    expect(code(await post(egress, receiver.port, "localhost"))).toBe(200);
    expect(code(await post(egress, receiver.port, "app.localhost"))).toBe(200);
    expect(dns.questions).toEqual([]);
  });
});

describe("addresses are tried in turn", () => {
  test("an unreachable address before a reachable one causes no failure", async () => {
    await using receiver = await startReceiver();
    await using dns = await startDnsServer(
      zone(({ type }) => (type === "A" ? { a: ["127.0.0.77", "127.0.0.1"] } : { aaaa: ["::1"] })),
    );
    await using egress = client(dns, { allow: parseAllowList("loopback") });
    expect(await post(egress, receiver.port)).toMatchObject({ kind: "response", peer: `127.0.0.1:${receiver.port}` });
  });

  test("when all addresses fail, there is one error, which lists them for the operator", async () => {
    await using dns = await startDnsServer(
      zone(({ type }) => (type === "A" ? { a: ["127.0.0.77", "127.0.0.78"] } : {})),
    );
    await using egress = client(dns, { allow: parseAllowList("loopback") });
    expect(await post(egress, 9)).toMatchObject({ code: "blocked_url" });
    const result = await post(egress, 10_081);
    expect(result).toMatchObject({
      code: "connect_refused",
      detail: expect.stringMatching(/127\.0\.0\.77.*127\.0\.0\.78/),
    });
  });
});

describe("truncation", () => {
  test("a response too long for UDP is repeated over TCP, and every address in it is checked", async () => {
    await using receiver = await startReceiver();
    const many = Array.from({ length: 80 }, (_none, index) => `10.0.0.${index}`);
    await using dns = await startDnsServer(
      zone(({ type, over }) => (type === "AAAA" ? {} : over === "udp" ? "truncated" : { a: ["127.0.0.1", ...many] })),
    );
    await using egress = client(dns);
    expect(code(await post(egress, receiver.port))).toBe("blocked_address");
    expect(dns.questions.some(({ over }) => over === "tcp")).toBe(true);
    await using wide = client(dns, { allow: parseAllowList("loopback,private") });
    expect(code(await post(wide, receiver.port))).toBe(200);
  });
});

describe("DNS failures of the target and of the resolver", () => {
  /**
   * The result of a request. If the name server does not respond, a short time limit ends the wait. On a busy machine it may also end the
   * look-up of the other name, which shows whose fault it is; then a longer limit is tried.
   */
  async function failure(dns: DnsServer, reply: Reply, expected: string): Promise<EgressResult> {
    const limits = reply === "silence" ? [400, 1600, 6400, 25_600] : [20_000];
    for (const timeoutMs of limits) {
      await using egress = client(dns, { dns: { timeoutMs } });
      const result = await post(egress, 80);
      if (code(result) === expected || timeoutMs === limits.at(-1)) return result;
    }
    throw new Error("There is no time limit.");
  }

  test.each<[string, Reply, string, string]>([
    ["a name that does not exist", { rcode: "NXDOMAIN" }, "dns_not_found", "target"],
    ["a name without addresses", {}, "dns_not_found", "target"],
    ["silence for this name only", "silence", "dns_timeout", "target"],
    ["a failure for this name only", { rcode: "SERVFAIL" }, "dns_broken", "target"],
    ["a refusal for this name only", { rcode: "REFUSED" }, "dns_broken", "target"],
  ])("%s is the target's fault", async (_title, reply, expected, fault) => {
    await using dns = await startDnsServer(zone(() => reply));
    expect(await failure(dns, reply, expected)).toMatchObject({ kind: "error", code: expected, fault });
  });

  test.each<[string, Reply]>([
    ["silence for every name", "silence"],
    ["a failure for every name", { rcode: "SERVFAIL" }],
    ["responses that are not DNS messages", "garbage"],
  ])("%s is our fault", async (_title, reply) => {
    await using dns = await startDnsServer(() => reply);
    expect(await failure(dns, reply, "dns_failed")).toMatchObject({ kind: "error", code: "dns_failed", fault: "ours" });
  });

  test("an unreachable resolver is our fault", async () => {
    const dns = await startDnsServer(() => "silence");
    await dns[Symbol.asyncDispose]();
    await using egress = client(dns, { dns: { timeoutMs: 400 } });
    expect(await post(egress, 80)).toMatchObject({ kind: "error", code: "dns_failed", fault: "ours" });
  });

  test("a failing AAAA query does not invalidate the A records", async () => {
    await using receiver = await startReceiver();
    await using dns = await startDnsServer(
      zone(({ type }) => (type === "A" ? { a: ["127.0.0.1"] } : { rcode: "SERVFAIL" })),
    );
    await using egress = client(dns);
    expect(code(await post(egress, receiver.port))).toBe(200);
  });

  test("a silent name server delays no request beyond its own time limit, even with many requests at once", async () => {
    await using dns = await startDnsServer(zone(() => "silence"));
    await using egress = client(dns, { dns: { timeoutMs: 400 } });
    const results = await Promise.all(Array.from({ length: 100 }, () => post(egress, 80)));
    expect(new Set(results.map(code))).toEqual(new Set(["dns_timeout"]));
    // One look-up for all of them: two queries with two tries each.
    expect(dns.questions.filter(({ name }) => name === HOST).length).toBeLessThanOrEqual(4);
  });
});
