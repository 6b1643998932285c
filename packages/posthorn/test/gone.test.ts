/** State of an endpoint in the API after it returned 410 Gone. */
import { eventually, startReceiver } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { startNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const HOOKS = "operational-webhook/endpoint";

describe("an endpoint that returns 410", () => {
  it("gets no more requests, has its deliveries on hold, and gets them when it is enabled again", async () => {
    using folder = temporaryFolder();
    await using hooks = await startReceiver();
    let status = 410;
    await using customer = await startReceiver({ response: () => status });
    await using node = await startNode(folder.path);
    const tenant = new Tenant(node);
    await tenant.setUp(customer.url);
    await tenant.call("POST", HOOKS, { url: hooks.url, eventTypes: ["endpoint.disabled"] });
    const state = async (): Promise<Record<string, unknown>> =>
      (await tenant.call("GET", "app/app/endpoint/ep/state")).json;

    const { status: code } = await tenant.firstAttempt();
    expect(code).toBe(2);
    await eventually(async () => expect(await state()).toMatchObject({ state: "disabled", reason: "gone" }));
    await hooks.waitForCount(1);
    expect(JSON.parse(hooks.requests[0]!.body.toString())).toMatchObject({
      type: "endpoint.disabled",
      data: { appUid: "app", endpointUid: "ep", trigger: "automatic", reason: "gone" },
    });

    const held = (await tenant.call("POST", "app/app/msg", { eventType: "a", payload: { n: 2 } })).json;
    const resend = await tenant.call("POST", `app/app/msg/${String(held["id"])}/endpoint/ep/resend`);
    expect(resend.json).toMatchObject({ code: "endpoint_disabled" });
    expect(customer.requests).toHaveLength(1);
    status = 204;
    expect((await tenant.call("PATCH", "app/app/endpoint/ep", { disabled: false })).status).toBe(200);
    await customer.waitForCount(2);
    expect(customer.requests[1]!.headers["webhook-id"]).toBe(held["id"]);
  });

  it("stays enabled if the policy of its application turns autoDisable.onGone off", async () => {
    using folder = temporaryFolder();
    await using customer = await startReceiver({ response: () => 410 });
    await using node = await startNode(folder.path);
    const tenant = new Tenant(node);
    await tenant.setUp(customer.url);
    const patched = await tenant.call("PATCH", "app/app/policy", { autoDisable: { onGone: false } });
    expect(patched.status).toBe(200);
    await tenant.firstAttempt();
    await tenant.firstAttempt();
    expect(customer.requests).toHaveLength(2);
    const { json } = await tenant.call("GET", "app/app/endpoint/ep/state");
    expect(json["state"]).not.toBe("disabled");
  });
});
