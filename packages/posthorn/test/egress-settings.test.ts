import { startReceiver } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { startNode } from "./support/posthorn.ts";
import { startProxy } from "./support/proxy.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const SOURCES = "/.well-known/webhook-sources.json";

describe("the source addresses of deliveries", () => {
  it("are served without a token", async () => {
    using folder = temporaryFolder();
    const env = { POSTHORN_SOURCE_ADDRESSES: "203.0.113.9, 2001:db8::/64" };
    await using node = await startNode(folder.path, { env });
    const response = await fetch(node.url + SOURCES);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
    const document = (await response.json()) as { updated: string };
    expect(document).toMatchObject({ version: 1, ipv4: ["203.0.113.9/32"], ipv6: ["2001:db8::/64"] });
    expect(Math.abs(Date.parse(document.updated) - Date.now())).toBeLessThan(60_000);
  });

  it("are not served as an empty list if the operator listed none", async () => {
    using folder = temporaryFolder();
    await using node = await startNode(folder.path);
    const response = await fetch(node.url + SOURCES);
    expect([response.status, await response.json()]).toMatchObject([404, { code: "not_found" }]);
  });
});

describe("the settings of the platform", () => {
  it("reject http endpoints if only https is allowed", async () => {
    using folder = temporaryFolder();
    await using node = await startNode(folder.path, { env: { POSTHORN_HTTPS_ONLY: "true" } });
    const tenant = new Tenant(node);
    await tenant.call("POST", "app", { name: "Test", uid: "app" });
    expect(await tenant.call("POST", "app/app/endpoint", { url: "http://example.com/" })).toMatchObject({
      status: 422,
    });
    expect(await tenant.call("POST", "app/app/endpoint", { url: "https://example.com/" })).toMatchObject({
      status: 201,
    });
  });

  it("deny addresses that are both denied and allowed", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver();
    await using node = await startNode(folder.path, { env: { POSTHORN_EGRESS_DENY: "127.0.0.0/8" } });
    const tenant = new Tenant(node);
    await tenant.setUp(receiver.url);
    expect(await tenant.firstAttempt()).toMatchObject({ status: 2, responseStatusCode: 0 });
    expect(receiver.requests).toHaveLength(0);
  });

  it("send every delivery through the proxy, with its credentials", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver();
    await using proxy = await startProxy();
    await using node = await startNode(folder.path, { env: { POSTHORN_EGRESS_PROXY: proxy.url } });
    const tenant = new Tenant(node);
    await tenant.setUp(receiver.url);
    expect(await tenant.firstAttempt()).toMatchObject({ status: 0, responseStatusCode: 204 });
    const credentials = Buffer.from("me:pass").toString("base64");
    expect(proxy.asked).toEqual([`Basic ${credentials} ${new URL(receiver.url).host}`]);
  });
});
