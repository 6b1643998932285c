/** Limits for the rules and proxies of a single request, which a tenant may have set. */
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Egress, parseAllowList, parseDenyList } from "../src/index.ts";
import type { EgressOptions, EgressProxy, EgressRequest, EgressResult, NameService } from "../src/index.ts";
import { startLab } from "../src/lab/index.ts";
import type { Lab } from "../src/lab/index.ts";
import { startConnectProxy, startSocksProxy } from "./proxies.ts";
import { CLIENT, HANG_MS } from "./client.ts";

let lab: Lab;

beforeAll(async () => {
  lab = await startLab();
});

afterAll(() => lab.close());

/** Names and their addresses. All other names resolve to this machine. */
const ZONE: Readonly<Record<string, readonly string[]>> = {
  "mixed.customer.com": ["203.0.114.1", "127.0.0.1"],
  "metadata.customer.com": ["169.254.169.254"],
};

function names(zone = ZONE): NameService {
  const addressesOf = (host: string) => zone[host] ?? ["127.0.0.1"];
  return {
    query: (host, family) => Promise.resolve({ addresses: family === 4 ? addressesOf(host) : [], ttl: 1 }),
    probe: () => Promise.resolve(),
    system: (host) => Promise.resolve(addressesOf(host)),
    cancel: () => {},
  };
}

/** A platform that allows receivers below `hooks.customer.com`, and nothing else on this machine. */
const client = (more: EgressOptions = {}) =>
  new Egress({ client: CLIENT, allow: parseAllowList("external,*.hooks.customer.com"), nameService: names(), ...more });
const send = (egress: Egress, url: string, more: Partial<EgressRequest> = {}): Promise<EgressResult> =>
  egress.send({ method: "GET", url, headers: [], body: null, timeoutMs: HANG_MS, maxResponseBytes: 1000, ...more });
const code = (result: EgressResult) => (result.kind === "error" ? result.code : result.status);
const port = () => new URL(lab.url).port;
const receiver = () => `http://a.hooks.customer.com:${port()}/ok`;

describe("the rules of a request", () => {
  test.each([
    ["loopback", "http://127.0.0.1:PORT/ok", "blocked_address"],
    ["127.0.0.1", "http://127.0.0.1:PORT/ok", "blocked_address"],
    ["127.0.0.0/8", "http://127.0.0.1:PORT/ok", "blocked_address"],
    ["0.0.0.0/0", "http://127.0.0.1:PORT/ok", "blocked_address"],
    ["external,loopback", "http://localhost:PORT/ok", "blocked_url"],
    ["localhost", "http://localhost:PORT/ok", "blocked_url"],
    ["inside.customer.com", "http://inside.customer.com:PORT/ok", "blocked_address"],
    ["*.customer.com", "http://inside.customer.com:PORT/ok", "blocked_address"],
    ["receiver", "http://receiver:PORT/ok", "blocked_url"],
    ["169.254.169.254", "http://169.254.169.254:PORT/ok", "blocked_address"],
    ["169.254.169.254", "http://metadata.customer.com:PORT/ok", "blocked_address"],
    ["private", "http://10.1.2.3:PORT/ok", "blocked_address"],
    ["::1", "http://[::1]:PORT/ok", "blocked_address"],
    ["::ffff:127.0.0.1", "http://[::ffff:127.0.0.1]:PORT/ok", "blocked_address"],
    ["224.0.0.1", "http://224.0.0.1:PORT/ok", "blocked_address"],
  ])("%s allows nothing that the platform blocks: %s", async (words, url, expected) => {
    await using egress = client();
    const target = url.replace("PORT", port());
    const allow = parseAllowList(words);
    const before = lab.requests;
    expect(code(await send(egress, target, { allow }))).toBe(expected);
    expect(await egress.check(target, allow)).toMatchObject({ allowed: false });
    expect(lab.requests).toBe(before);
  });

  test("narrow what the platform allows", async () => {
    await using egress = client();
    expect(code(await send(egress, receiver(), { allow: parseAllowList("*.hooks.customer.com") }))).toBe(200);
    expect(code(await send(egress, receiver(), { allow: parseAllowList("external") }))).toBe("blocked_address");
  });

  test("allow what the operator permits to tenants, only for requests that list it", async () => {
    await using egress = client({ tenantAllow: parseAllowList("loopback") });
    const url = `http://127.0.0.1:${port()}/ok`;
    expect(code(await send(egress, url, { allow: parseAllowList("127.0.0.1") }))).toBe(200);
    expect(code(await send(egress, url))).toBe("blocked_address");
    expect(code(await send(egress, url, { allow: parseAllowList("10.0.0.0/8") }))).toBe("blocked_address");
  });

  test("never allow an address on the deny list", async () => {
    const denied = { tenantAllow: parseAllowList("loopback,127.0.0.1"), deny: parseDenyList("127.0.0.1") };
    await using egress = client(denied);
    const allow = parseAllowList("loopback,127.0.0.1");
    expect(code(await send(egress, `http://127.0.0.1:${port()}/ok`, { allow }))).toBe("blocked_address");
  });

  test("close an idle socket when the operator reduces what tenants may allow", async () => {
    await using egress = client({ tenantAllow: parseAllowList("loopback") });
    const url = `http://127.0.0.1:${port()}/ok`;
    const allow = parseAllowList("loopback");
    expect(code(await send(egress, url, { allow }))).toBe(200);
    egress.setRules({ tenantAllow: parseAllowList("") });
    expect(code(await send(egress, url, { allow }))).toBe("blocked_address");
  });
});

describe.each([
  ["http", startConnectProxy],
  ["socks5", startSocksProxy],
] as const)("a %s proxy of a request", (scheme, start) => {
  test.each([
    "127.0.0.1",
    "0x7f.1",
    "2130706433",
    "017700000001",
    "127.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "localhost",
    "LOCALHOST.",
    "proxy.localhost",
    "proxy.customer.com",
    "mixed.customer.com",
    "metadata.customer.com",
    "metadata.google.internal",
    "squid",
    "169.254.169.254",
    "10.0.0.1",
    "0.0.0.0",
    "１２７.0.0.1",
  ])("at %s is never dialled", async (host) => {
    await using listener = await startListener();
    await using egress = client();
    const proxy = { url: `${scheme}://me:s3cret@${host}:${listener.port}` };
    const result = await send(egress, receiver(), { proxy });
    expect(result).toMatchObject({ code: "blocked_proxy", fault: "refused", peer: null });
    expect(JSON.stringify(result)).not.toContain("s3cret");
    expect(listener.connections).toBe(0);
  });

  test("on a port that is denied for targets is never dialled", async () => {
    await using listener = await startListener();
    await using egress = client({ tenantAllow: parseAllowList("loopback"), ports: `1-65535,!${listener.port}` });
    const proxy = { url: `${scheme}://127.0.0.1:${listener.port}` };
    expect(await send(egress, receiver(), { proxy })).toMatchObject({ code: "blocked_proxy", fault: "refused" });
    expect(listener.connections).toBe(0);
  });

  test("is dialled where the operator allows tenants to connect, by address and by name", async () => {
    await using proxy = await start();
    await using byAddress = client({ tenantAllow: parseAllowList("127.0.0.1") });
    expect(code(await send(byAddress, receiver(), { proxy: { url: `${scheme}://127.0.0.1:${proxy.port}` } }))).toBe(
      200,
    );
    await using byName = client({ tenantAllow: parseAllowList("proxy.customer.com") });
    const named = { url: `${scheme}://proxy.customer.com:${proxy.port}` };
    expect(code(await send(byName, receiver(), { proxy: named }))).toBe(200);
    expect(proxy.asked).toHaveLength(2);
  });

  test("whose name changes to a blocked address is checked again for the next connection", async () => {
    const zone: Record<string, readonly string[]> = {};
    let now = 0;
    await using proxy = await start();
    const options = { nameService: names(zone), now: () => now, tenantAllow: parseAllowList("127.0.0.1") };
    await using egress = client({ ...options, allow: parseAllowList("127.0.0.1") });
    const url = `http://127.0.0.1:${port()}/ok`;
    const named = { url: `${scheme}://proxy.customer.com:${proxy.port}` };
    expect(code(await send(egress, url, { proxy: named }))).toBe(200);
    zone["proxy.customer.com"] = ["127.0.0.2"];
    now = 3_600_000;
    expect(code(await send(egress, url, { proxy: named }))).toBe("blocked_proxy");
    expect(proxy.asked).toHaveLength(1);
  });

  test("closes an idle socket when the operator reduces what tenants may allow", async () => {
    await using proxy = await start();
    await using egress = client({ tenantAllow: parseAllowList("loopback") });
    const own = { url: `${scheme}://127.0.0.1:${proxy.port}` };
    expect(code(await send(egress, receiver(), { proxy: own }))).toBe(200);
    egress.setRules({ tenantAllow: parseAllowList("") });
    expect(code(await send(egress, receiver(), { proxy: own }))).toBe("blocked_proxy");
    expect(proxy.asked).toHaveLength(1);
  });

  test("with the URL of the operator's proxy does not share its sockets", async () => {
    await using proxy = await start();
    const url = `${scheme}://127.0.0.1:${proxy.port}`;
    await using egress = client({ proxy: { url } });
    const allow = parseAllowList("*.hooks.customer.com");
    expect(code(await send(egress, receiver(), { allow }))).toBe(200);
    expect(code(await send(egress, receiver(), { allow, proxy: { url } }))).toBe("blocked_proxy");
  });

  test("whose name does not resolve is our fault and not the target's", async () => {
    const nowhere = { ...names(), query: () => Promise.resolve({ addresses: [], ttl: 1 }) };
    await using egress = client({ nameService: nowhere });
    const gone = { url: `${scheme}://gone.customer.com:3128` };
    expect(await send(egress, receiver(), { proxy: gone })).toMatchObject({ code: "proxy_failed", fault: "ours" });
  });
});

test("an https proxy of a request is dialled at the checked address, and its certificate verified for its name", async () => {
  await using egress = client({ tenantAllow: parseAllowList("loopback") });
  // The lab's certificate is not issued by a known authority, so the handshake must fail.
  const proxy = { url: lab.ports["tls-good"] };
  expect(await send(egress, receiver(), { proxy })).toMatchObject({ code: "proxy_failed" });
});

describe("feedback when a setting is saved", () => {
  test.each([
    ["external", "external", "", []],
    ["external", "external,loopback,private", "", ["loopback", "private"]],
    ["external,loopback", "external,loopback", "", []],
    ["external", "loopback,10.20.0.0/16", "loopback", ["10.20.0.0/16"]],
    ["external", "10.20.0.0/16,10.1.2.3", "private", []],
    ["external", "10.20.0.0/16", "10.0.0.0/8", []],
    ["external", "10.0.0.0/8", "10.20.0.0/16", ["10.0.0.0/8"]],
    ["external", "10.1.2.3", "10.0.0.0/8", []],
    ["external", "fd00:1::/32", "private", []],
    ["external", "127.0.0.1,127.0.0.0/24,::1", "loopback", []],
    ["external", "169.254.169.254", "169.254.0.0/16,private,loopback", ["169.254.169.254"]],
    ["external", "169.254.169.254", "169.254.169.254", []],
    ["external", "fd00:ec2::254", "private", ["fd00:ec2::254"]],
    ["external", "0.0.0.0/0,::/0", "", ["0.0.0.0/0", "::/0"]],
    ["external", "8.8.8.0/24,8.8.8.8,2606:4700::/32", "", []],
    ["", "8.8.8.8", "", ["8.8.8.8"]],
    ["external", "64:ff9b::7f00:1", "", ["64:ff9b::7f00:1"]],
    ["external", "100.64.0.0/10", "private,loopback", ["100.64.0.0/10"]],
    ["external", "hooks.customer.com,*.corp", "", ["*.corp", "hooks.customer.com"]],
    ["external", "a.hooks.corp,*.a.hooks.corp,*.hooks.corp", "*.hooks.corp", []],
    ["external", "hooks.corp,*.corp,nothooks.corp", "*.hooks.corp", ["*.corp", "hooks.corp", "nothooks.corp"]],
    ["external", "localhost", "", ["localhost"]],
    ["external,loopback", "localhost", "", []],
  ])("platform %j, requested %j, tenants %j: blocked are %j", async (allow, wanted, tenants, refused) => {
    await using egress = new Egress({
      client: CLIENT,
      allow: parseAllowList(allow),
      tenantAllow: parseAllowList(tenants),
    });
    expect(egress.refusedWords(parseAllowList(wanted)).map(({ word }) => word)).toEqual(refused);
  });

  test("distinguishes denied from merely not allowed", async () => {
    const deny = parseDenyList("10.20.0.0/16,*.corp");
    await using egress = client({ tenantAllow: parseAllowList("private,*.corp"), deny });
    expect(egress.refusedWords(parseAllowList("10.20.1.0/24,a.corp,127.0.0.1,10.0.0.0/8"))).toEqual([
      { word: "10.20.1.0/24", reason: "deny" },
      { word: "127.0.0.1", reason: "rules" },
      { word: "a.corp", reason: "deny" },
    ]);
  });

  test.each([
    ["http://127.0.0.1:3128", { host: "127.0.0.1", reason: "rules" }],
    ["socks5://0x7f.1:1080", { host: "127.0.0.1", reason: "rules" }],
    ["https://squid", { host: "squid", reason: "rules" }],
    ["http://me:s3cret@10.9.9.9:3128", { host: "10.9.9.9", reason: "deny" }],
    ["http://10.8.8.8:3128", null],
    ["http://proxy.example.com:3128", null],
    ["http://8.8.8.8:22", { host: "8.8.8.8:22", reason: "port" }],
    ["socks5://8.8.8.8:6667", { host: "8.8.8.8:6667", reason: "port" }],
    ["socks5://8.8.8.8", null],
    ["https://proxy.example.com", null],
  ])("about the proxy %s", async (url, expected) => {
    await using egress = client({ tenantAllow: parseAllowList("private"), deny: parseDenyList("10.9.9.9") });
    expect(egress.proxyProblem({ url } satisfies EgressProxy)).toEqual(expected);
  });
});

/** Counts connections. */
async function startListener() {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
