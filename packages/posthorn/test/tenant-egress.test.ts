/** Egress rules that a token of an organisation can set on a server whose operator allows only the public internet. */
import { eventually, startReceiver } from "@posthorn/testkit";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { startProxy } from "./support/proxy.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const APPLICATION = "app/app/egress";
const ENDPOINT = "app/app/endpoint/ep/egress";
const STRICT = { POSTHORN_EGRESS_ALLOW: "external", POSTHORN_RETRY_SCHEDULE: "" };

async function startTenant(folder: string, env: Record<string, string> = {}): Promise<[TestNode, Tenant]> {
  const node = await startNode(folder, { env: { ...STRICT, ...env } });
  return [node, new Tenant(node)];
}

describe("with a token of an organisation", () => {
  let node: TestNode;
  let tenant: Tenant;
  const folder = temporaryFolder();

  beforeAll(async () => {
    [node, tenant] = await startTenant(folder.path);
    await tenant.setUp("https://example.com/");
  });

  afterAll(async () => {
    await node[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  it.each([
    ["external,loopback", "loopback"],
    ["PRIVATE", "private"],
    ["external,127.0.0.1", "127.0.0.1"],
    ["external 127.0.0.0/8", "127.0.0.0/8"],
    ["external,169.254.169.254", "169.254.169.254"],
    ["external,fd00:ec2::254", "fd00:ec2::254"],
    ["external,fe80::1", "fe80::1"],
    ["external,::1", "::1"],
    ["external,::ffff:7f00:1", "::ffff:7f00:1"],
    ["external,224.0.0.1", "224.0.0.1"],
    ["external,0.0.0.0", "0.0.0.0"],
    ["external,0.0.0.0/0", "0.0.0.0/0"],
    ["external,10.20.0.0/16", "10.20.0.0/16"],
    ["external,100.64.0.0/10", "100.64.0.0/10"],
    ["external,localhost", "localhost"],
    ["external,receiver", "receiver"],
    ["external,*.internal", "*.internal"],
    ["external,metadata.google.internal", "metadata.google.internal"],
    ["external,*.customer.com", "*.customer.com"],
  ])("allowing %s is rejected: 422 names the word %s and the setting", async (allow, word) => {
    const { status, json } = await tenant.call("PUT", APPLICATION, { allow });
    expect([status, json]).toEqual([
      422,
      {
        code: "egress_not_allowed",
        detail: [{ loc: ["body", "allow"], msg: expect.stringContaining(`"${word}"`), type: "egress_not_allowed" }],
      },
    ]);
    expect(JSON.stringify(json)).toContain("POSTHORN_EGRESS_TENANT_ALLOW");
    expect((await tenant.call("GET", APPLICATION)).json).toEqual({ allow: null, refusedWords: [], proxy: null });
  });

  it.each([
    ["application", APPLICATION],
    ["endpoint", ENDPOINT],
  ])(
    "giving an %s an internal proxy, or one on a port that targets may not have, is rejected",
    async (_title, path) => {
      const inside = ["127.0.0.1", "0x7f.1", "[::1]", "localhost", "squid", "10.0.0.1", "169.254.169.254"];
      for (const host of inside) {
        for (const scheme of ["http", "https", "socks5"]) {
          const { status, json, text } = await tenant.call("PUT", path, {
            proxy: { url: `${scheme}://me:s3cret@${host}:3128` },
          });
          expect([status, json["code"]]).toEqual([422, "egress_not_allowed"]);
          expect(json["detail"]).toMatchObject([{ loc: ["body", "proxy", "url"] }]);
          expect(text).toContain("POSTHORN_EGRESS_TENANT_ALLOW");
          expect(text).not.toContain("s3cret");
        }
      }
      for (const port of [22, 25, 6667]) {
        const { status, json, text } = await tenant.call("PUT", path, {
          proxy: { url: `http://proxy.example.com:${port}` },
        });
        expect([status, json["code"]]).toEqual([422, "egress_not_allowed"]);
        expect(text).toContain(`proxy.example.com:${port}`);
      }
      expect(await tenant.call("PUT", path, { proxy: { url: "http://proxy.example.com:3128" } })).toMatchObject({
        status: 204,
      });
      expect((await tenant.call("GET", path)).json).toMatchObject({ proxy: { scheme: "http", refused: false } });
    },
  );
});

describe("a token of an organisation", () => {
  it("can narrow the rules of the platform", async () => {
    using folder = temporaryFolder();
    const [node, tenant] = await startTenant(folder.path, { POSTHORN_EGRESS_ALLOW: "external,private" });
    await using _ = node;
    await tenant.setUp("https://example.com/");
    for (const allow of ["external", "8.8.8.0/24", "10.1.2.3", "10.0.0.0/8", "", null]) {
      expect(await tenant.call("PUT", APPLICATION, { allow })).toMatchObject({ status: 204 });
    }
  });

  it("can allow what the operator permits for applications, except what the operator denies", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver();
    const more = { POSTHORN_EGRESS_TENANT_ALLOW: "loopback,10.0.0.0/8", POSTHORN_EGRESS_DENY: "10.20.0.0/16" };
    const [node, tenant] = await startTenant(folder.path, more);
    await using _ = node;
    await tenant.setUp(receiver.url);
    expect(await tenant.firstAttempt()).toMatchObject({ status: 2, errorCode: "blocked_address" });
    expect(await tenant.call("PUT", APPLICATION, { allow: "external,loopback,10.1.0.0/16" })).toMatchObject({
      status: 204,
    });
    expect(await tenant.firstAttempt()).toMatchObject({ status: 0 });
    const { status, text } = await tenant.call("PUT", APPLICATION, { allow: "10.20.1.0/24" });
    expect([status, text]).toEqual([422, expect.stringContaining("POSTHORN_EGRESS_DENY")]);
  });

  it("cannot reach an internal proxy through a public name either: the address is checked when it is dialled", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver();
    await using proxy = await startProxy();
    const nameService = {
      query: () => Promise.resolve({ addresses: ["127.0.0.1"], ttl: 1 }),
      probe: () => Promise.resolve(),
      system: () => Promise.resolve(["127.0.0.1"]),
      cancel: () => undefined,
    };
    const env = { ...STRICT, POSTHORN_EGRESS_ALLOW: "external,hooks.customer.com" };
    await using node = await startNode(folder.path, { env, egress: { nameService } });
    const tenant = new Tenant(node);
    await tenant.setUp(`http://hooks.customer.com:${new URL(receiver.url).port}/`);
    expect(await tenant.firstAttempt()).toMatchObject({ status: 0 });
    const url = `http://me:s3cret@proxy.customer.com:${new URL(proxy.url).port}`;
    expect(await tenant.call("PUT", ENDPOINT, { proxy: { url } })).toMatchObject({ status: 204 });
    const attempt = await tenant.firstAttempt();
    expect(attempt).toMatchObject({ status: 2, errorCode: "blocked_proxy" });
    expect(attempt["response"]).toContain("this endpoint");
    expect(JSON.stringify(attempt)).not.toMatch(/127\.0\.0\.1|s3cret/);
    expect([proxy.asked.length, receiver.requests.length]).toEqual([0, 1]);
  });

  it("cannot reach this machine through URL checks, token URLs, or endpoints that move to one of its addresses", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver();
    // Rules from a time when the operator allowed more.
    const before = await startNode(folder.path, { env: { ...STRICT, POSTHORN_EGRESS_TENANT_ALLOW: "loopback" } });
    const first = new Tenant(before);
    await first.setUp("https://example.com/");
    await first.call("PUT", APPLICATION, { allow: "external,loopback" });
    await before[Symbol.asyncDispose]();

    const [node, tenant] = await startTenant(folder.path);
    await using _ = node;
    const check = (path: string) => tenant.call("POST", path, { url: receiver.url, appId: "app" });
    expect((await check("egress/check")).json).toMatchObject({ allowed: false, code: "blocked_address" });
    expect((await check("app/app/check-url")).json).toMatchObject({ allowed: false, code: "blocked_address" });
    const oauth = { type: "oauth2", tokenUrl: receiver.url, clientId: "me", clientSecret: "s3cret" };
    await tenant.call("PUT", ENDPOINT, { auth: oauth });
    expect(await tenant.firstAttempt()).toMatchObject({ status: 2, errorCode: "blocked_address" });
    await tenant.call("PUT", ENDPOINT, { auth: null });
    await tenant.call("PATCH", "app/app/endpoint/ep", { url: receiver.url });
    expect(await tenant.firstAttempt()).toMatchObject({ status: 2, errorCode: "blocked_address" });
    for (const localhost of ["http://localhost/", "http://a.localhost/"]) {
      expect(await tenant.call("PATCH", "app/app/endpoint/ep", { url: localhost })).toMatchObject({ status: 422 });
    }
    expect(receiver.requests).toHaveLength(0);
  });
});

describe("rules that were stored while the operator allowed more", () => {
  it("have no effect, which the log and the responses report once for each application and endpoint", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver();
    await using proxy = await startProxy();
    const before = await startNode(folder.path, { env: { ...STRICT, POSTHORN_EGRESS_TENANT_ALLOW: "loopback" } });
    const first = new Tenant(before);
    await first.setUp(receiver.url);
    await first.call("PUT", APPLICATION, { allow: "external,loopback" });
    expect(await first.firstAttempt()).toMatchObject({ status: 0 });
    await first.call("PUT", ENDPOINT, { proxy: { url: proxy.url } });
    expect(await first.firstAttempt()).toMatchObject({ status: 0 });
    await first.call("POST", "app", { name: "Other", uid: "other" });
    await first.call("PUT", "app/other/egress", { allow: "external" });
    await before[Symbol.asyncDispose]();

    const lines: Record<string, unknown>[] = [];
    const log = pino({ level: "warn" }, { write: (line) => void lines.push(JSON.parse(line)) });
    await using node = await startNode(folder.path, { env: STRICT, log });
    const tenant = new Tenant(node);
    const beyond = () => lines.filter(({ setting }) => setting === "POSTHORN_EGRESS_TENANT_ALLOW");
    await eventually(() => {
      expect(beyond()).toHaveLength(2);
      return Promise.resolve();
    });
    const { json: application } = await tenant.call("GET", "app/app");
    const { json: endpoint } = await tenant.call("GET", "app/app/endpoint/ep");
    expect(beyond()).toMatchObject([
      { level: 40, applicationId: application["id"], words: ["loopback"] },
      { level: 40, applicationId: application["id"], endpointId: endpoint["id"], proxyHost: "127.0.0.1" },
    ]);
    expect(JSON.stringify(lines)).not.toContain("me:pass");

    expect((await tenant.call("GET", APPLICATION)).json).toEqual({
      allow: "external,loopback",
      refusedWords: ["loopback"],
      proxy: null,
    });
    expect((await tenant.call("GET", ENDPOINT)).json).toMatchObject({
      proxy: { scheme: "http", target: "address", refused: true },
    });
    expect(await tenant.firstAttempt()).toMatchObject({ status: 2, errorCode: "blocked_address" });
    // Another part can be changed although the stored proxy is rejected, and the proxy can be removed.
    expect(await tenant.call("PUT", ENDPOINT, { auth: { type: "bearer", token: "t" } })).toMatchObject({ status: 204 });
    expect(await tenant.call("PUT", ENDPOINT, { proxy: null })).toMatchObject({ status: 204 });
    expect([receiver.requests.length, proxy.asked.length]).toEqual([2, 1]);
  });
});

describe("targets without the operator's proxy", () => {
  it("are those of POSTHORN_EGRESS_NO_PROXY, and must pass the guard as well", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver();
    await using proxy = await startProxy();
    const env = {
      POSTHORN_EGRESS_PROXY: proxy.url,
      POSTHORN_EGRESS_NO_PROXY: "127.0.0.0/8, 10.0.0.0/8",
      POSTHORN_RETRY_SCHEDULE: "",
    };
    await using node = await startNode(folder.path, { env });
    const tenant = new Tenant(node);
    await tenant.setUp(receiver.url);
    expect(await tenant.firstAttempt()).toMatchObject({ status: 0 });
    expect([proxy.asked.length, receiver.requests.length]).toEqual([0, 1]);
    await tenant.call("PATCH", "app/app/endpoint/ep", { url: "http://10.1.2.3/" });
    expect(await tenant.firstAttempt()).toMatchObject({ status: 2, errorCode: "blocked_address" });
  });
});
