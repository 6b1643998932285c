import { type ReceiverBehaviour, type Received, startReceiver } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { startNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const VERIFY = "app/app/endpoint/ep/verify";

/** The result of `verify` for an endpoint with this response, and the request that it got. */
async function verified(
  response: ReceiverBehaviour,
  method: string,
): Promise<{ json: object; asked: readonly Received[] }> {
  using folder = temporaryFolder();
  await using receiver = await startReceiver({ response: response });
  await using node = await startNode(folder.path, { env: { POSTHORN_PUBLIC_URL: "https://hooks.example.com" } });
  const tenant = new Tenant(node);
  await tenant.setUp(receiver.url);
  await tenant.call("PUT", "app/app/endpoint/ep/egress", { auth: { type: "bearer", token: "t" } });
  const { status, json } = await tenant.call("POST", VERIFY, { method });
  expect(status).toBe(200);
  return { json, asked: receiver.requests };
}

const echo: ReceiverBehaviour = ({ body }) => ({
  status: 200,
  body: (JSON.parse(body.toString()) as { challenge: string }).challenge,
});

describe("verify", () => {
  it("uses the CloudEvents handshake with the endpoint's credentials, and returns the granted rate", async () => {
    const headers = { "WebHook-Allowed-Origin": "hooks.example.com", "WebHook-Allowed-Rate": "120" };
    const { json, asked } = await verified({ status: 200, headers }, "cloudevents");
    expect(json).toMatchObject({ verified: true, ratePerMinute: 120, code: null, responseStatusCode: 200 });
    expect(asked).toMatchObject([
      { method: "OPTIONS", headers: { "webhook-request-origin": "hooks.example.com", authorization: "Bearer t" } },
    ]);
  });

  it("sends a challenge that must be returned", async () => {
    expect((await verified(echo, "challenge")).json).toMatchObject({ verified: true, code: null });
    expect((await verified(204, "challenge")).json).toMatchObject({ verified: false, code: "challenge_mismatch" });
  });

  it("explains why an endpoint did not confirm", async () => {
    expect((await verified(204, "cloudevents")).json).toMatchObject({ verified: false, code: "origin_not_allowed" });
    expect((await verified("reset", "cloudevents")).json).toMatchObject({
      verified: false,
      code: "unreachable",
      errorCode: "reset",
      responseStatusCode: null,
    });
  });

  it("blocks nothing else while it waits for a hanging endpoint, even with an idempotency key", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver({ response: "hang" });
    await using node = await startNode(folder.path, { env: { POSTHORN_REQUEST_TIMEOUT: "3" } });
    const tenant = new Tenant(node);
    await tenant.setUp(receiver.url);
    const headers = { authorization: `Bearer ${node.token}`, "idempotency-key": "a" };
    let done = false;
    const asking = fetch(`${node.url}/api/v1/${VERIFY}`, { method: "POST", headers }).finally(() => (done = true));
    await receiver.waitForCount(1);
    expect(await tenant.call("POST", "app", { name: "Other" })).toMatchObject({ status: 201 });
    expect(done).toBe(false);
    expect(await (await asking).json()).toMatchObject({ verified: false, errorCode: "timeout" });
  });

  it("needs ManageEndpoint", async () => {
    using folder = temporaryFolder();
    await using node = await startNode(folder.path);
    const tenant = new Tenant(node);
    await tenant.setUp("https://example.com/");
    expect(await (await tenant.portal(["ViewBase"])).call("POST", VERIFY, {})).toMatchObject({ status: 403 });
    expect(await tenant.call("POST", VERIFY, { method: "other" })).toMatchObject({ status: 422 });
  });
});

describe("an endpoint that grants permission later", () => {
  /** The callback URL of the last verification request, at the address of the node. */
  function callbackOf(node: { readonly url: string }, requests: readonly Received[]): string {
    const url = requests.findLast(({ method }) => method === "OPTIONS")!.headers["webhook-request-callback"]!;
    expect(url).toMatch(/^https:\/\/hooks\.example\.com\/webhook-permission\/ep_\w{27}\/[\w-]{43}$/);
    return url.replace("https://hooks.example.com", node.url);
  }

  const REQUIRED = {
    POSTHORN_ENDPOINT_VERIFICATION: "cloudevents",
    POSTHORN_PUBLIC_URL: "https://hooks.example.com",
  };

  it.each(["GET", "POST"])(
    "gets its deliveries after a %s of the callback URL, at the granted rate",
    async (method) => {
      using folder = temporaryFolder();
      // It withholds the headers, and decides later.
      await using receiver = await startReceiver({ response: 204 });
      await using node = await startNode(folder.path, { env: REQUIRED });
      const tenant = new Tenant(node);
      await tenant.setUp(receiver.url);
      await tenant.call("POST", "app/app/msg", { eventType: "a", payload: { n: 1 } });
      const { json } = await tenant.call("POST", VERIFY, {});
      expect(json).toMatchObject({ verified: false, code: "origin_not_allowed", verifiedAt: null });
      expect(Date.parse(json["callbackUntil"] as string)).toBeGreaterThan(Date.now() + 6 * 86_400_000);
      const callback = callbackOf(node, receiver.requests);

      expect((await fetch(callback, { method: "HEAD" })).status).toBe(404);
      expect((await fetch(`${callback.slice(0, -1)}_`)).status).toBe(404);
      expect((await tenant.call("GET", VERIFY)).json).toMatchObject({ held: true, verifiedAt: null });
      const granted = await fetch(callback, { method, headers: { "webhook-allowed-rate": "120" } });
      expect([granted.status, await granted.json()]).toEqual([200, { granted: true, ratePerMinute: 120 }]);
      expect((await tenant.call("GET", VERIFY)).json).toMatchObject({
        held: false,
        method: "cloudevents",
        verifiedAt: expect.any(String) as string,
        ratePerMinute: 120,
        requestOrigin: "hooks.example.com",
      });
      const event = await receiver.waitFor((request) => request.method === "POST");
      expect(event.headers).toMatchObject({
        "webhook-request-origin": "hooks.example.com",
        origin: "hooks.example.com",
      });
      expect(event.body.toString()).toBe('{"n":1}');
    },
  );

  it("stays verified if the callback comes before the response that withholds the permission", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver({ response: 204 });
    await using node = await startNode(folder.path, { env: REQUIRED });
    const tenant = new Tenant(node);
    await tenant.setUp(receiver.url);
    await tenant.call("POST", VERIFY, {});
    const answer = () => fetch(callbackOf(node, receiver.requests));
    await answer();
    receiver.respondWith({ status: 204, delayMs: 1000 });
    const asking = tenant.call("POST", VERIFY, {});
    await receiver.waitForCount(2);
    await answer();
    expect((await asking).json).toMatchObject({ verified: false, verifiedAt: expect.any(String) as string });
    expect((await tenant.call("GET", VERIFY)).json).toMatchObject({ held: false });
  });

  it("cannot use an earlier callback URL, or one of another host", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver({ response: 204 });
    await using other = await startReceiver({ response: 204 });
    await using node = await startNode(folder.path, { env: REQUIRED });
    const tenant = new Tenant(node);
    await tenant.setUp(receiver.url);
    await tenant.call("POST", VERIFY, {});
    const first = callbackOf(node, receiver.requests);
    await tenant.call("POST", VERIFY, {});
    expect((await fetch(first)).status).toBe(404);
    const second = callbackOf(node, receiver.requests);
    await tenant.call("PATCH", "app/app/endpoint/ep", { url: other.url });
    expect((await fetch(second)).status).toBe(404);
    expect((await tenant.call("GET", VERIFY)).json).toMatchObject({ held: true, verifiedAt: null });
  });
});

describe("with verification required for new endpoints", () => {
  const HELD = { POSTHORN_ENDPOINT_VERIFICATION: "challenge" };

  it("messages are on hold until the endpoint is verified, and are then delivered, even after a restart in between", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver({ response: echoOr204 });
    {
      await using node = await startNode(folder.path, { env: HELD });
      const tenant = new Tenant(node);
      await tenant.setUp(receiver.url);
      await tenant.call("POST", "app/app/msg", { eventType: "a", payload: { n: 1 } });
    }
    await using node = await startNode(folder.path, { env: HELD });
    const tenant = new Tenant(node);
    await tenant.call("POST", "app/app/msg", { eventType: "a", payload: { n: 2 } });
    expect(receiver.requests).toEqual([]);
    const { json } = await tenant.call("POST", VERIFY, {});
    expect(json).toMatchObject({ verified: true, required: "challenge", verifiedAt: expect.any(String) as string });
    const bodies = (await receiver.waitForCount(3)).map(({ body }) => body.toString());
    expect(bodies.slice(1).toSorted()).toEqual(['{"n":1}', '{"n":2}']);
  });

  it("another host must be verified again, another path need not, and the policy can turn it off", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver({ response: echoOr204 });
    await using other = await startReceiver();
    await using node = await startNode(folder.path, { env: HELD });
    const tenant = new Tenant(node);
    await tenant.setUp(receiver.url);
    await tenant.call("POST", VERIFY, {});
    await tenant.call("PATCH", "app/app/endpoint/ep", { url: `${receiver.url}/path` });
    expect(await tenant.firstAttempt()).toMatchObject({ status: 0 });
    await tenant.call("PATCH", "app/app/endpoint/ep", { url: other.url });
    await tenant.call("POST", "app/app/msg", { eventType: "a", payload: { n: 1 } });
    expect((await tenant.call("POST", VERIFY, {})).json).toMatchObject({ verified: false, verifiedAt: null });
    await tenant.call("PATCH", "app/app/endpoint/ep/policy", { verification: { mode: "off" } });
    await other.waitFor(({ body }) => body.toString() === '{"n":1}');
  });

  it("a rejection ends the verification, but a missing response does not", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver({ response: echoOr204 });
    await using node = await startNode(folder.path, { env: HELD });
    const tenant = new Tenant(node);
    await tenant.setUp(receiver.url);
    await tenant.call("POST", VERIFY, {});
    receiver.respondWith("reset");
    const away = (await tenant.call("POST", VERIFY, {})).json;
    expect(away).toMatchObject({ verified: false, verifiedAt: expect.any(String) as string });
    receiver.respondWith(403);
    expect((await tenant.call("POST", VERIFY, {})).json).toMatchObject({ verified: false, verifiedAt: null });
  });

  it("deliveries contain the confirmed name", async () => {
    using folder = temporaryFolder();
    const headers = { "WebHook-Allowed-Origin": "*" };
    await using receiver = await startReceiver({ response: { status: 200, headers } });
    const env = { POSTHORN_ENDPOINT_VERIFICATION: "cloudevents", POSTHORN_PUBLIC_URL: "https://hooks.example.com" };
    await using node = await startNode(folder.path, { env });
    const tenant = new Tenant(node);
    await tenant.setUp(receiver.url);
    await tenant.call("POST", VERIFY, {});
    await tenant.firstAttempt();
    expect(receiver.requests[1]).toMatchObject({
      method: "POST",
      headers: { "webhook-request-origin": "hooks.example.com", origin: "hooks.example.com" },
    });
  });

  it("a custom header cannot replace the confirmed name", async () => {
    using folder = temporaryFolder();
    const headers = { "WebHook-Allowed-Origin": "*" };
    await using receiver = await startReceiver({ response: { status: 200, headers } });
    const env = { POSTHORN_ENDPOINT_VERIFICATION: "cloudevents", POSTHORN_PUBLIC_URL: "https://hooks.example.com" };
    await using node = await startNode(folder.path, { env });
    const tenant = new Tenant(node);
    await tenant.setUp(receiver.url);
    await tenant.call("PUT", "app/app/endpoint/ep/headers", {
      headers: { origin: "other.example.com", "x-a": "1" },
    });
    await tenant.call("POST", VERIFY, {});
    await tenant.firstAttempt();
    expect(receiver.requests[1]).toMatchObject({
      headers: { "webhook-request-origin": "hooks.example.com", origin: "hooks.example.com", "x-a": "1" },
    });
  });

  it("the known result can be read without a request", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver({
      response: { status: 200, headers: { "WebHook-Allowed-Origin": "*", "WebHook-Allowed-Rate": "120" } },
    });
    const env = { POSTHORN_ENDPOINT_VERIFICATION: "cloudevents", POSTHORN_PUBLIC_URL: "https://hooks.example.com" };
    await using node = await startNode(folder.path, { env });
    const tenant = new Tenant(node);
    await tenant.setUp(receiver.url);
    const nothing = { method: null, verifiedAt: null, requestOrigin: null, ratePerMinute: null };
    expect((await tenant.call("GET", VERIFY)).json).toEqual({ required: "cloudevents", held: true, ...nothing });
    await tenant.call("PATCH", "app/app/endpoint/ep/policy", { verification: { unverifiedPerMinute: 6 } });
    expect((await tenant.call("GET", VERIFY)).json).toMatchObject({ held: false, ratePerMinute: 6 });
    expect(receiver.requests).toEqual([]);
    await tenant.call("POST", VERIFY, {});
    const portal = await tenant.portal(["ViewBase"]);
    expect((await portal.call("GET", VERIFY)).json).toMatchObject({
      method: "cloudevents",
      verifiedAt: expect.any(String) as string,
      held: false,
      ratePerMinute: 120,
      requestOrigin: "hooks.example.com",
    });
  });
});

const echoOr204: ReceiverBehaviour = (request) => {
  const { challenge } = JSON.parse(request.body.toString()) as { challenge?: string };
  return challenge === undefined ? 204 : { status: 200, body: challenge };
};
