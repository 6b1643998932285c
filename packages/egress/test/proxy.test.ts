import { type AddressInfo, createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Egress, EgressConfigError, parseAllowList, parseNoProxy } from "../src/index.ts";
import type { EgressOptions, EgressProxy, EgressResult } from "../src/index.ts";
import { startLab } from "../src/lab/index.ts";
import type { Lab } from "../src/lab/index.ts";
import { startDnsServer } from "./dns-server.ts";
import type { DnsServer } from "./dns-server.ts";
import { startConnectProxy, startSocksProxy } from "./proxies.ts";
import { HANG_MS } from "./client.ts";

let lab: Lab;
let dns: DnsServer;

beforeAll(async () => {
  lab = await startLab();
  dns = await startDnsServer(({ name, type }) =>
    type === "A" ? { a: [name === "bad.customer.com" ? "10.0.0.1" : "127.0.0.1"] } : {},
  );
});

afterAll(async () => {
  await lab.close();
  await dns[Symbol.asyncDispose]();
});

const client = (proxy: EgressProxy, more: EgressOptions = {}) =>
  new Egress({
    allow: parseAllowList("127.0.0.1"),
    proxy,
    dns: { servers: [dns.address] },
    tls: { ca: lab.certificates.ca.cert },
    ...more,
  });
const get = (egress: Egress, url: string, timeoutMs = HANG_MS): Promise<EgressResult> =>
  egress.send({ method: "GET", url, headers: [], body: null, timeoutMs, maxResponseBytes: 1000 });
const code = (result: EgressResult) => (result.kind === "error" ? result.code : result.status);
const port = (url: string) => new URL(url).port;

describe.each([
  ["HTTP CONNECT", "http", startConnectProxy],
  ["SOCKS5", "socks5", startSocksProxy],
] as const)("%s", (_title, scheme, start) => {
  test("carries plain and TLS requests to the checked address", async () => {
    await using proxy = await start();
    await using egress = client({ url: `${scheme}://127.0.0.1:${proxy.port}` });
    expect(code(await get(egress, `http://hooks.customer.com:${port(lab.url)}/ok`))).toBe(200);
    expect(code(await get(egress, `https://127.0.0.1:${port(lab.ports["tls-good"])}/ok`))).toBe(200);
    expect(proxy.asked).toEqual([`127.0.0.1:${port(lab.url)}`, `127.0.0.1:${port(lab.ports["tls-good"])}`]);
  });

  test("gets the name if configured, and the name is still checked here", async () => {
    await using proxy = await start();
    await using egress = client({ url: `${scheme}://127.0.0.1:${proxy.port}`, target: "name" });
    await get(egress, `http://localhost.customer.com:${port(lab.url)}/ok`);
    expect(proxy.asked).toEqual([`localhost.customer.com:${port(lab.url)}`]);
    expect(code(await get(egress, `http://bad.customer.com:${port(lab.url)}/ok`))).toBe("blocked_address");
    expect(proxy.asked).toHaveLength(1);
  });

  test("does not disable the guard", async () => {
    await using proxy = await start();
    await using egress = client({ url: `${scheme}://127.0.0.1:${proxy.port}` });
    for (const host of ["bad.customer.com", "169.254.169.254", "10.0.0.1", "[::1]", "127.0.0.2"]) {
      expect(code(await get(egress, `http://${host}:${port(lab.url)}/ok`))).toBe("blocked_address");
    }
    expect(proxy.asked).toEqual([]);
  });

  test("receives user name and password, which never appear in an error", async () => {
    await using proxy = await start();
    await using egress = client({ url: `${scheme}://me:s%20cret@127.0.0.1:${proxy.port}` });
    expect(code(await get(egress, `${lab.url}/ok`))).toBe(200);
    expect(proxy.credentials).toEqual([scheme === "http" ? `Basic ${btoa("me:s cret")}` : "me:s cret"]);
    await using dead = client({ url: `${scheme}://me:s%20cret@127.0.0.1:1` });
    expect(JSON.stringify(await get(dead, `${lab.url}/ok`))).not.toContain("cret");
  });

  test("that does not exist is our fault", async () => {
    await using egress = client({ url: `${scheme}://127.0.0.1:1` });
    expect(await get(egress, `${lab.url}/ok`)).toMatchObject({ code: "proxy_failed", fault: "ours" });
  });

  test("that cannot reach the receiver is the receiver's fault", async () => {
    await using proxy = await start();
    await using egress = client({ url: `${scheme}://127.0.0.1:${proxy.port}` });
    expect(await get(egress, "http://127.0.0.1:1999/ok")).toMatchObject({ fault: "target" });
  });

  test("passes on data that the target sends first, even if the tunnel is read later", async () => {
    const target = createServer((socket) => void socket.write("Hello, "));
    await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
    const { port: targetPort } = target.address() as AddressInfo;
    await using proxy = await (scheme === "http" ? startConnectProxy(() => 200, "220 ") : startSocksProxy(0, "220 "));
    await using egress = client({ url: `${scheme}://127.0.0.1:${proxy.port}` });
    const tunnel = await egress.openTunnel({ host: "127.0.0.1", port: targetPort });
    const { socket } = tunnel as Extract<typeof tunnel, { readonly allowed: true; readonly socket: Socket }>;
    // Long enough for both texts to arrive before anything reads.
    await delay(50);
    let text = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => void (text += chunk));
    await expect.poll(() => text, { timeout: 10_000 }).toBe("220 Hello, ");
    socket.destroy();
    await new Promise((resolve) => target.close(resolve));
  });

  test("leaves no socket open, whatever the result", async () => {
    await using proxy = await start();
    const egress = client({ url: `${scheme}://127.0.0.1:${proxy.port}` });
    await Promise.all([
      get(egress, `${lab.url}/ok`),
      get(egress, `${lab.url}/hang/head`, 200),
      get(egress, "http://127.0.0.1:1999/"),
    ]);
    await egress.close();
    expect(egress.stats).toMatchObject({ sockets: 0, requests: 0 });
  });
});

describe("an error response of an HTTP proxy", () => {
  test.each([
    [403, "proxy_denied", "refused"],
    [407, "proxy_failed", "ours"],
    [500, "proxy_failed", "ours"],
    [502, "proxy_target", "target"],
    [504, "proxy_target", "target"],
  ])("%i is %s", async (status, expected, fault) => {
    await using proxy = await startConnectProxy(() => status);
    await using egress = client({ url: `http://127.0.0.1:${proxy.port}` });
    expect(await get(egress, `${lab.url}/ok`)).toMatchObject({ kind: "error", code: expected, fault });
  });

  test("a connected proxy that does not respond is the target's fault", async () => {
    await using proxy = await startConnectProxy(() => null);
    await using egress = client({ url: `http://127.0.0.1:${proxy.port}` }, { connectTimeoutMs: 100 });
    expect(await get(egress, `${lab.url}/ok`)).toMatchObject({ code: "connect_timeout", fault: "target" });
  });

  test("a proxy that cannot be reached in time is our fault, at the connect limit and at the timeout", async () => {
    const proxy = { url: lab.ports["tls-hang"] };
    await using egress = client(proxy, { connectTimeoutMs: 100 });
    expect(await get(egress, `${lab.url}/ok`)).toMatchObject({ code: "proxy_failed", fault: "ours" });
    await using patient = client(proxy);
    expect(await get(patient, `${lab.url}/ok`, 100)).toMatchObject({ code: "proxy_failed", fault: "ours" });
  });
});

describe("an error reply of a SOCKS5 proxy (RFC 1928 section 6)", () => {
  test.each([
    [1, "proxy_failed"],
    [2, "proxy_denied"],
    [3, "connect_unreachable"],
    [4, "connect_unreachable"],
    [5, "connect_refused"],
    [6, "connect_timeout"],
    [7, "proxy_failed"],
  ])("reply %i is %s", async (reply, expected) => {
    await using proxy = await startSocksProxy(reply);
    await using egress = client({ url: `socks5://127.0.0.1:${proxy.port}` });
    expect(code(await get(egress, `${lab.url}/ok`))).toBe(expected);
  });
});

test("the proxy of a request takes precedence over the platform's, and null disables it", async () => {
  await using proxy = await startConnectProxy();
  await using egress = client({ url: "http://127.0.0.1:1" });
  const request = {
    method: "GET",
    url: `${lab.url}/ok`,
    headers: [],
    body: null,
    timeoutMs: HANG_MS,
    maxResponseBytes: 100,
  };
  expect(code(await egress.send({ ...request, proxy: { url: `http://127.0.0.1:${proxy.port}` } }))).toBe(200);
  expect(code(await egress.send({ ...request, proxy: null }))).toBe(200);
  expect(code(await egress.send(request))).toBe("proxy_failed");
  expect(proxy.asked).toHaveLength(1);
});

test.each(["", "proxy:3128", "ftp://proxy", "socks4://proxy:1", "http://"])(
  "the setting %j is rejected when it is parsed",
  (url) => {
    expect(() => client({ url })).toThrow(EgressConfigError);
  },
);

describe("targets without proxy", () => {
  test("are called directly, and the others through the proxy", async () => {
    await using proxy = await startConnectProxy();
    await using egress = client(
      { url: `http://127.0.0.1:${proxy.port}` },
      { noProxy: parseNoProxy(`direct.customer.com:${port(lab.url)}`) },
    );
    expect(code(await get(egress, `http://direct.customer.com:${port(lab.url)}/ok`))).toBe(200);
    expect(code(await get(egress, `http://A.direct.customer.com.:${port(lab.url)}/ok`))).toBe(200);
    expect(proxy.asked).toEqual([]);
    expect(code(await get(egress, `http://other.customer.com:${port(lab.url)}/ok`))).toBe(200);
    expect(proxy.asked).toHaveLength(1);
  });

  test("still pass the guard", async () => {
    await using proxy = await startConnectProxy();
    await using egress = client({ url: `http://127.0.0.1:${proxy.port}` }, { noProxy: parseNoProxy("*") });
    expect(code(await get(egress, `http://bad.customer.com:${port(lab.url)}/ok`))).toBe("blocked_address");
    expect(code(await get(egress, `http://10.0.0.1:${port(lab.url)}/ok`))).toBe("blocked_address");
    expect(code(await get(egress, `${lab.url}/ok`))).toBe(200);
    expect(proxy.asked).toEqual([]);
  });

  test("still go through the proxy of their request", async () => {
    await using own = await startConnectProxy();
    await using egress = client({ url: "http://127.0.0.1:1" }, { noProxy: parseNoProxy("*") });
    const request = { method: "GET", url: `${lab.url}/ok`, headers: [], body: null };
    const proxy = { url: `http://127.0.0.1:${own.port}` };
    expect(code(await egress.send({ ...request, timeoutMs: HANG_MS, maxResponseBytes: 100, proxy }))).toBe(200);
    expect(own.asked).toHaveLength(1);
  });
});
