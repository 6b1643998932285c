import { freePort, startReceiver } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { startNode } from "./support/posthorn.ts";
import { startProxy } from "./support/proxy.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const EGRESS = "app/app/egress";

describe("the allow list of an application", () => {
  it("replaces the platform's, for pending deliveries and new endpoints, until it is removed", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver();
    const env = {
      POSTHORN_EGRESS_ALLOW: "external",
      POSTHORN_EGRESS_TENANT_ALLOW: "loopback,receiver",
      POSTHORN_RETRY_SCHEDULE: "",
    };
    await using node = await startNode(folder.path, { env });
    const tenant = new Tenant(node);
    await tenant.setUp(receiver.url);
    expect(await tenant.firstAttempt()).toMatchObject({ status: 2, errorCode: "blocked_address" });
    expect(await tenant.call("PUT", EGRESS, { allow: "LOOPBACK, receiver" })).toMatchObject({ status: 204 });
    expect((await tenant.call("GET", EGRESS)).json).toEqual({
      allow: "loopback,receiver",
      refusedWords: [],
      proxy: null,
    });
    expect(await tenant.firstAttempt()).toMatchObject({ status: 0 });
    // A name without a dot is rejected unless it is an allow word.
    expect(await tenant.call("POST", "app/app/endpoint", { url: "http://receiver/" })).toMatchObject({ status: 201 });
    await tenant.call("PUT", EGRESS, { allow: null });
    expect(await tenant.call("POST", "app/app/endpoint", { url: "http://receiver/a" })).toMatchObject({ status: 422 });
    expect(await tenant.call("GET", EGRESS)).toMatchObject({ json: { allow: null } });
  });

  it("allows nothing that the platform denies", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver();
    const env = { POSTHORN_EGRESS_DENY: "127.0.0.1", POSTHORN_RETRY_SCHEDULE: "" };
    await using node = await startNode(folder.path, { env });
    const tenant = new Tenant(node);
    await tenant.setUp(receiver.url);
    expect(await tenant.call("PUT", EGRESS, { allow: "loopback,127.0.0.1" })).toMatchObject({ status: 422 });
    expect(await tenant.call("PUT", EGRESS, { allow: "loopback" })).toMatchObject({ status: 204 });
    expect(await tenant.firstAttempt()).toMatchObject({ status: 2, errorCode: "blocked_address" });
  });

  it("can only be set by the organisation, and must be valid", async () => {
    using folder = temporaryFolder();
    await using node = await startNode(folder.path);
    const tenant = new Tenant(node);
    await tenant.setUp("https://example.com/");
    const portal = await tenant.portal(["ViewBase", "ManageEndpoint"]);
    expect(await portal.call("PUT", EGRESS, { allow: "loopback" })).toMatchObject({ status: 403 });
    expect(await portal.call("GET", EGRESS)).toMatchObject({ status: 403 });
    expect(await tenant.call("PUT", EGRESS, { allow: "10.0.0.0/99" })).toMatchObject({ status: 422 });
    expect(await tenant.call("PUT", "app/other/egress", { allow: null })).toMatchObject({ status: 404 });
  });
});

describe("the proxy of an application", () => {
  it("is used for its deliveries instead of the platform's, is never shown, and can be removed", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver();
    await using platform = await startProxy();
    await using own = await startProxy();
    await using node = await startNode(folder.path, { env: { POSTHORN_EGRESS_PROXY: platform.url } });
    const tenant = new Tenant(node);
    await tenant.setUp(receiver.url);
    expect(await tenant.call("PUT", EGRESS, { proxy: { url: own.url } })).toMatchObject({ status: 204 });
    expect(await tenant.firstAttempt()).toMatchObject({ status: 0 });
    expect([platform.asked.length, own.asked.length]).toEqual([0, 1]);
    const shown = await tenant.call("GET", EGRESS);
    expect(shown.json).toEqual({
      allow: null,
      refusedWords: [],
      proxy: { scheme: "http", target: "address", refused: false },
    });
    // An omitted part is kept.
    await tenant.call("PUT", EGRESS, { allow: "loopback" });
    expect((await tenant.call("GET", EGRESS)).json).toMatchObject({ allow: "loopback", proxy: { scheme: "http" } });
    await tenant.call("PUT", EGRESS, { proxy: null });
    expect(await tenant.firstAttempt()).toMatchObject({ status: 0 });
    expect(platform.asked.length).toBe(1);
  });

  it("is overridden by that of an endpoint, and errors name the proxy that failed", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver();
    await using own = await startProxy();
    await using node = await startNode(folder.path, { env: { POSTHORN_RETRY_SCHEDULE: "" } });
    const tenant = new Tenant(node);
    await tenant.setUp(receiver.url);
    const dead = { url: `http://127.0.0.1:${await freePort()}` };
    await tenant.call("PUT", EGRESS, { proxy: dead });
    const ofApplication = await tenant.firstAttempt();
    expect(ofApplication).toMatchObject({ status: 2, errorCode: "proxy_failed" });
    expect(ofApplication["response"]).toContain("this application");
    await tenant.call("PUT", "app/app/endpoint/ep/egress", { proxy: dead });
    expect((await tenant.firstAttempt())["response"]).toContain("this endpoint");
    await tenant.call("PUT", "app/app/endpoint/ep/egress", { proxy: { url: own.url } });
    expect(await tenant.firstAttempt()).toMatchObject({ status: 0 });
  });

  it("must be a valid proxy", async () => {
    using folder = temporaryFolder();
    await using node = await startNode(folder.path);
    const tenant = new Tenant(node);
    await tenant.setUp("https://example.com/");
    const refused = await tenant.call("PUT", EGRESS, { proxy: { url: "ftp://me:hunter2@proxy" } });
    expect(refused.status).toBe(422);
    expect(refused.text).not.toContain("hunter2");
  });
});
