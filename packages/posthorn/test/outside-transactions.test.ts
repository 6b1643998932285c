/** Requests that wait for something other than the database, with an idempotency key, while another customer writes. */
import type { EgressOptions } from "@posthorn/egress";
import { startReceiver } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { TestGateway } from "./support/gateway.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

/** A resolver that never responds; `asked` resolves on its first query. */
function silentResolver(): { readonly egress: EgressOptions; readonly asked: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const never = (): Promise<never> => {
    resolve();
    return new Promise<never>(() => undefined);
  };
  return {
    asked: promise,
    egress: { nameService: { query: never, probe: never, system: never, cancel: () => undefined } },
  };
}

function post(node: TestNode, path: string, body: object): Promise<Response> {
  return fetch(`${node.url}/api/v1/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${node.token}`, "idempotency-key": "key" },
    body: JSON.stringify(body),
  });
}

describe("a request with an idempotency key that waits for a resolver that never responds", () => {
  it.each([
    ["check-url", "app/app/check-url", { url: "https://slow.example.com/" }],
    ["egress check", "egress/check", { url: "https://slow.example.com/" }],
    ["verify", "app/app/endpoint/ep/verify", { method: "challenge" }],
  ])("does not delay other writes (%s)", async (_title, path, body) => {
    using folder = temporaryFolder();
    const { egress, asked } = silentResolver();
    await using node = await startNode(folder.path, { egress });
    const tenant = new Tenant(node);
    await tenant.setUp("https://slow.example.com/");
    let done = false;
    const asking = post(node, path, body).finally(() => (done = true));
    await asked;
    expect(await tenant.call("POST", "app", { name: "Other" })).toMatchObject({ status: 201 });
    expect(await tenant.call("POST", "app/app/msg", { eventType: "a", payload: {} })).toMatchObject({ status: 202 });
    expect(done).toBe(false);
    expect((await asking).status).toBe(200);
  });
});

describe("with an idempotency key", () => {
  it("an endpoint is verified once, however often and concurrently the request is sent", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver({ response: 204 });
    await using node = await startNode(folder.path);
    await new Tenant(node).setUp(receiver.url);
    const ask = async () => {
      const response = await post(node, "app/app/endpoint/ep/verify", { method: "challenge" });
      return `${response.status} ${await response.text()}`;
    };
    const responses = [...(await Promise.all([ask(), ask(), ask()])), await ask()];
    expect(new Set(responses).size).toBe(1);
    expect(responses[0]).toMatch(/^200 .*challenge_mismatch/);
    expect(receiver.requests).toHaveLength(1);
  });

  it("a request is released from quarantine once and gets the same response", async () => {
    await using gateway = await TestGateway.start();
    const source = await gateway.source({ type: "github", config: { secret: "s3cret" } });
    await fetch(source.url, { method: "POST", body: "{}", headers: { "x-github-event": "push" } });
    const [row] = await gateway.quarantine(source);
    const release = async () => {
      const path = `ingest/api/v1/source/${source.id}/quarantine/${String(row!["id"])}/release`;
      const headers = { authorization: `Bearer ${gateway.node.token}`, "idempotency-key": "key" };
      const response = await fetch(`${gateway.node.url}/${path}`, { method: "POST", headers });
      return `${response.status} ${await response.text()}`;
    };
    const responses = [...(await Promise.all([release(), release()])), await release()];
    expect(new Set(responses).size).toBe(1);
    expect(responses[0]).toMatch(/^200 .*msg_/);
  });

  it("the state of a paused endpoint is returned again, and pausing takes effect", async () => {
    using folder = temporaryFolder();
    await using node = await startNode(folder.path);
    const tenant = new Tenant(node);
    await tenant.setUp("https://example.com/");
    const pause = async () => (await post(node, "app/app/endpoint/ep/pause", {})).text();
    const first = await pause();
    expect(JSON.parse(first)).toMatchObject({ state: "paused" });
    expect(await pause()).toBe(first);
  });
});
