/** State of deliveries to an endpoint, and the calls that change it, over HTTP and with a real receiver. */
import { eventually, startReceiver } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { startNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const EP = "app/app/endpoint/ep";

async function publish(tenant: Tenant, n: number, more: object = {}): Promise<string> {
  const { json } = await tenant.call("POST", "app/app/msg", { eventType: "a", payload: { n }, ...more });
  return String(json["id"]);
}

/** The numbers in the payloads that the receiver received. */
function numbers(requests: readonly { readonly body: Buffer }[]): number[] {
  return requests.map(({ body }) => (JSON.parse(body.toString()) as { n: number }).n);
}

async function stateOf(tenant: Tenant): Promise<Record<string, unknown>> {
  return (await tenant.call("GET", `${EP}/state`)).json;
}

/** An endpoint whose circuit opens at the second failure, with a first probe after an hour. */
async function setUpStrict(tenant: Tenant, url: string): Promise<void> {
  await tenant.setUp(url);
  const breaker = { failures: 2, windowSeconds: 1, probeSeconds: 3600, maxProbeSeconds: 3600 };
  const retry = { backoff: { type: "schedule", delays: [1], jitter: 0 } };
  const response = await tenant.call("PUT", `${EP}/policy`, { breaker, retry });
  if (response.status !== 200) throw new Error(response.text);
}

describe("the state of an endpoint", () => {
  it("shows an open circuit, why, since when and until when; try-now probes it, and all deliveries resume", async () => {
    using folder = temporaryFolder();
    let code = 500;
    await using receiver = await startReceiver({ response: () => ({ status: code }) });
    await using node = await startNode(folder.path);
    const tenant = new Tenant(node);
    await setUpStrict(tenant, receiver.url);
    expect(await stateOf(tenant)).toMatchObject({ state: "active", failing: null, waiting: { due: 0, exact: true } });
    await publish(tenant, 1);
    await eventually(async () => expect(await stateOf(tenant)).toMatchObject({ state: "open" }));
    await publish(tenant, 2);
    // The queues are counted in the database, which has the outcomes a little later than the state.
    const open = await eventually(async () => {
      const state = await stateOf(tenant);
      expect(state).toMatchObject({ reason: "failures", failing: { failures: 2 }, waiting: { due: 1 }, inFlight: 0 });
      return state;
    });
    expect(Date.parse(String(open["nextProbeAt"])) - Date.parse(String(open["since"]))).toBeGreaterThanOrEqual(
      3_600_000,
    );
    expect(receiver.requests).toHaveLength(2);
    code = 204;
    expect(await tenant.call("POST", `${EP}/try-now`)).toMatchObject({ status: 200 });
    await receiver.waitForCount(3);
    await eventually(async () => expect(["recovering", "active"]).toContain((await stateOf(tenant))["state"]));
  });

  it("shows the wait that an endpoint requested", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver({ response: { status: 429, headers: { "retry-after": "120" } } });
    await using node = await startNode(folder.path);
    const tenant = new Tenant(node);
    await tenant.setUp(receiver.url);
    await publish(tenant, 1);
    await eventually(async () =>
      expect(await stateOf(tenant)).toMatchObject({ state: "open", reason: "asked_to_wait" }),
    );
    await publish(tenant, 2);
    await publish(tenant, 3);
    const { nextProbeAt } = await eventually(async () => {
      const state = await stateOf(tenant);
      expect(state).toMatchObject({ waiting: { due: 2, later: 1 } });
      return state;
    });
    expect(Date.parse(String(nextProbeAt)) - Date.now()).toBeGreaterThan(100_000);
    expect(receiver.requests).toHaveLength(1);
  });

  it("is visible to tokens that may see the endpoint, and needs ManageEndpoint to change", async () => {
    using folder = temporaryFolder();
    await using node = await startNode(folder.path);
    const tenant = new Tenant(node);
    await tenant.setUp("https://example.com/");
    const viewer = await tenant.portal(["ViewBase"]);
    expect(await viewer.call("GET", `${EP}/state`)).toMatchObject({ status: 200 });
    for (const call of ["try-now", "pause", "resume", "enable", "unblock"]) {
      expect(await viewer.call("POST", `${EP}/${call}`, {})).toMatchObject({ status: 403 });
      expect(await tenant.call("POST", `app/app/endpoint/none/${call}`, {})).toMatchObject({ status: 404 });
    }
  });
});

describe("a pause", () => {
  it("puts new messages on hold, even across a restart, until it is resumed", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver({ response: 204 });
    {
      await using node = await startNode(folder.path);
      const tenant = new Tenant(node);
      await tenant.setUp(receiver.url);
      expect((await tenant.call("POST", `${EP}/pause`, {})).json).toMatchObject({
        state: "paused",
        pausedUntil: "never",
      });
      await publish(tenant, 1);
    }
    await using node = await startNode(folder.path);
    const tenant = new Tenant(node);
    await publish(tenant, 2);
    expect(await stateOf(tenant)).toMatchObject({ state: "paused", waiting: { due: 2 } });
    expect(receiver.requests).toHaveLength(0);
    await tenant.call("POST", `${EP}/resume`);
    await receiver.waitForCount(2);
    expect(numbers(receiver.requests).toSorted((a, b) => a - b)).toEqual([1, 2]);
  });

  it("cannot end in the past", async () => {
    using folder = temporaryFolder();
    await using node = await startNode(folder.path);
    const tenant = new Tenant(node);
    await tenant.setUp("https://example.com/");
    const past = new Date(Date.now() - 1000).toISOString();
    expect(await tenant.call("POST", `${EP}/pause`, { until: past })).toMatchObject({ status: 422 });
  });
});

describe("an endpoint that is enabled again", () => {
  /**
   * Numbers of the messages that the receiver gets: 1 to 4 were on hold while the endpoint was disabled, and 5 was published afterwards.
   */
  async function after(choice: (thirdAt: string) => object): Promise<{ got: number[]; tenant: Tenant; ids: string[] }> {
    using folder = temporaryFolder();
    await using receiver = await startReceiver({ response: 204 });
    await using node = await startNode(folder.path);
    const tenant = new Tenant(node);
    await tenant.setUp(receiver.url);
    await tenant.call("PUT", `${EP}/policy`, { limits: { concurrency: 1 } });
    await tenant.call("PATCH", EP, { disabled: true });
    const ids = [await publish(tenant, 1), await publish(tenant, 2)];
    await new Promise((resolve) => setTimeout(resolve, 20));
    const thirdAt = new Date().toISOString();
    ids.push(await publish(tenant, 3), await publish(tenant, 4));
    expect(await stateOf(tenant)).toMatchObject({ state: "disabled", waiting: { due: 4 } });
    const response = await tenant.call("POST", `${EP}/enable`, choice(thirdAt));
    expect(response).toMatchObject({ status: 200 });
    await publish(tenant, 5);
    await eventually(async () => {
      expect(await stateOf(tenant)).toMatchObject({ state: "active", waiting: { due: 0, later: 0 } });
      expect(numbers(receiver.requests)).toContain(5);
    });
    const canceled: unknown[] = [];
    for (const id of ids) {
      const { json } = await tenant.call("GET", `app/app/msg/${id}/endpoint?expanded_statuses=true`);
      const [delivery] = json["data"] as { statusText: string; canceled?: { reason: string } }[];
      if (delivery!.statusText === "canceled") canceled.push(delivery!.canceled!.reason);
    }
    const got = numbers(receiver.requests);
    expect(canceled).toEqual(new Array(5 - got.length).fill("discarded"));
    return { got, tenant, ids };
  }

  it("gets all deliveries on hold, oldest first", async () => {
    const { got } = await after(() => ({}));
    expect(got.filter((n) => n !== 5)).toEqual([1, 2, 3, 4]);
  });

  it("gets all deliveries on hold, newest first", async () => {
    const { got } = await after(() => ({ held: "newest" }));
    expect(got.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
    expect(got.indexOf(4)).toBeLessThan(got.indexOf(1));
  });

  it("gets messages published since a time", async () => {
    const { got } = await after((since) => ({ held: "since", since }));
    expect(got.toSorted((a, b) => a - b)).toEqual([3, 4, 5]);
  });

  it("gets none of them", async () => {
    const { got } = await after(() => ({ held: "discard" }));
    expect(got).toEqual([5]);
  });

  it("gets an error for an invalid choice", async () => {
    using folder = temporaryFolder();
    await using node = await startNode(folder.path);
    const tenant = new Tenant(node);
    await tenant.setUp("https://example.com/");
    for (const choice of [
      { held: "since" },
      { held: "discard", since: "2026-01-01T00:00:00Z" },
      { held: "since", since: "2999-01-01T00:00:00Z" },
      { held: "all" },
    ]) {
      expect(await tenant.call("POST", `${EP}/enable`, choice)).toMatchObject({ status: 422 });
    }
  });
});

describe("ordered delivery by key", () => {
  it("shows the blocking delivery, and unblock lets later ones pass", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver({
      response: ({ body }) => ({ status: (JSON.parse(body.toString()) as { n: number }).n === 1 ? 500 : 204 }),
    });
    await using node = await startNode(folder.path);
    const tenant = new Tenant(node);
    await tenant.setUp(receiver.url);
    const retry = { backoff: { type: "schedule", delays: [3600] } };
    await tenant.call("PUT", `${EP}/policy`, { order: { by: "key" }, retry });
    const first = await publish(tenant, 1, { orderingKey: "customer-7" });
    await publish(tenant, 2, { orderingKey: "customer-7" });
    await publish(tenant, 3, { orderingKey: "customer-8" });
    await publish(tenant, 4, { orderingKey: "customer-7" });
    await receiver.waitForCount(2);
    await eventually(async () => {
      const { blockers } = await stateOf(tenant);
      expect(blockers).toMatchObject([
        { msgId: first, orderingKey: "customer-7", attempts: 1, waiting: 2, passAt: expect.any(String) },
      ]);
    });
    expect(numbers(receiver.requests).toSorted((a, b) => a - b)).toEqual([1, 3]);
    const { json } = await tenant.call("POST", `${EP}/unblock`, { orderingKey: "customer-8" });
    expect(json["blockers"]).toHaveLength(1);
    expect((await tenant.call("POST", `${EP}/unblock`, { orderingKey: "customer-7" })).json["blockers"]).toEqual([]);
    await receiver.waitForCount(4);
    expect(numbers(receiver.requests).filter((n) => n !== 3)).toEqual([1, 2, 4]);
  });
});
