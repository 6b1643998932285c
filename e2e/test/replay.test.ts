/** Replays by filter: selection, dry run, pausing, canceling, and access. */
import { eventually, startReceiver } from "@posthorn/testkit";
import { Webhook } from "standardwebhooks";
import { beforeEach, describe, expect, test } from "vitest";
import { SDK_VERSIONS } from "../lib/sdk.ts";
import { Tenant, type TenantEndpoint } from "../lib/tenant.ts";
import { useWorld } from "../lib/world.ts";

const HOUR = 3_600_000;
const world = useWorld({ env: { POSTHORN_RETRY_SCHEDULE: "" } });
let tenant: Tenant;
let endpoint: TenantEndpoint;
const since = new Date(Date.now() - HOUR).toISOString();
const MANY = 30;

beforeEach(async () => {
  world.receiver.respondWith(204);
  tenant = await Tenant.create(world);
  endpoint = await tenant.endpoint();
});

/** Publishes a message and waits until each matching endpoint has responded. */
async function published(fields: object = {}, attempts = 1): Promise<string> {
  const message = await tenant.publish(fields);
  await attemptsOf(message, attempts);
  return message;
}

async function attemptsOf(message: string, count: number): Promise<Record<string, unknown>[]> {
  return eventually(async () => {
    const { json } = await tenant.get(`/attempt/msg/${message}`);
    expect(json.data).toHaveLength(count);
    return json.data;
  });
}

// oxlint-disable-next-line typescript/no-explicit-any -- each test checks the fields it needs
async function ended(id: string): Promise<any> {
  return eventually(async () => {
    const { json } = await tenant.get(`/replay/${id}`);
    expect(["finished", "failed", "canceled"]).toContain(json.status);
    return json;
  });
}

// oxlint-disable-next-line typescript/no-explicit-any -- as above
async function replay(fields: object): Promise<any> {
  const { status, json, text } = await world.api.post(`${tenant.path}/replay`, { since, ...fields });
  if (status !== 202) throw new Error(text);
  return ended(json.id);
}

describe("a replay by filter", () => {
  test("sends the selected messages again, to every endpoint with a delivery of them, and counts them per endpoint", async () => {
    const second = await tenant.endpoint();
    world.receiver.respondWith(500);
    const failed = await published({ eventType: "a" }, 2);
    const other = await published({ eventType: "b" }, 2);
    world.receiver.respondWith(204);
    const sent = await published({ eventType: "a" }, 2);
    const filter = { eventTypes: ["a"], statuses: ["fail"], statusCodeClasses: [500] };
    const plan = (await world.api.post(`${tenant.path}/replay/dry-run`, { since, ...filter })).json;
    expect(plan).toMatchObject({ toSend: 2, exact: true });
    const counted = plan.endpoints.map(({ endpointId, url, toSend }: Record<string, unknown>) => [
      endpointId,
      [url, toSend],
    ]);
    expect(new Map(counted)).toEqual(
      new Map([
        [endpoint.id, [endpoint.url, 1]],
        [second.id, [second.url, 1]],
      ]),
    );
    const job = await replay({ ...filter, reason: "the receiver was broken" });
    expect(job).toMatchObject({
      status: "finished",
      reason: "the receiver was broken",
      requestedBy: world.server.organisation,
      progress: { sent: 2, matched: 2, percent: 100 },
      parameters: { ...filter, target: null },
    });
    expect(job.endpoints).toMatchObject([
      { url: endpoint.url, sent: 1 },
      { url: second.url, sent: 1 },
    ]);
    const attempts = await attemptsOf(failed, 4);
    expect(attempts.map(({ triggerType }) => triggerType)).toEqual([1, 1, 0, 0]);
    expect(await attemptsOf(other, 2)).toHaveLength(2);
    expect(await attemptsOf(sent, 2)).toHaveLength(2);
  });

  test("goes to another endpoint, regardless of its filters, and does not change the first", async () => {
    world.receiver.respondWith(500);
    const failed = await published();
    world.receiver.respondWith(204);
    const target = await tenant.endpoint({ channels: ["none"] });
    const job = await replay({ endpoints: [endpoint.id], statuses: ["fail"], target: { endpoint: target.id } });
    expect(job.progress).toMatchObject({ sent: 1 });
    expect(job.parameters.target).toEqual({ endpointId: target.id, url: null });
    expect((await tenant.delivery(target, failed)).body.toString()).toBe('{"a":1}');
    expect((await tenant.get(`/endpoint/${endpoint.id}/msg?status=2`)).json.data).toHaveLength(1);
  });

  test("goes to a URL with one signed attempt each, recorded separately, and leaves no endpoint behind", async () => {
    await using elsewhere = await startReceiver({ response: () => 500 });
    const message = await published();
    const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const target = { url: `${elsewhere.url}/once`, secret, headers: { "x-why": "a replay" } };
    const job = await replay({ target });
    expect(job.parameters.target).toMatchObject({ url: target.url });
    expect(job.endpoints).toMatchObject([{ url: target.url, sent: 1 }]);
    const received = await elsewhere.waitFor(({ path }) => path === "/once");
    new Webhook(secret).verify(received.body, received.headers);
    expect([received.headers["webhook-id"], received.headers["x-why"]]).toEqual([message, "a replay"]);
    const attempts = await attemptsOf(message, 2);
    expect(attempts[0]).toMatchObject({ endpointId: job.parameters.target.endpointId, status: 2, triggerType: 1 });
    // The delivery itself is unchanged, and no list contains the row for the URL.
    expect((await tenant.get(`/endpoint/${endpoint.id}/msg?status=0`)).json.data).toHaveLength(1);
    expect((await tenant.get("/endpoint")).json.data.map(({ id }: { id: string }) => id)).toEqual([endpoint.id]);
    const later = await published();
    expect(await attemptsOf(later, 1)).toHaveLength(1);
    expect(elsewhere.requests).toHaveLength(1);
  });

  test("signs for a URL with the secret of an endpoint on request", async () => {
    const message = await published();
    const path = "/signed-as";
    await replay({ target: { url: world.receiver.url + path, signAs: endpoint.id } });
    const received = await world.receiver.waitFor((request) => request.path === path);
    const { key } = (await tenant.get(`/endpoint/${endpoint.id}/secret`)).json;
    new Webhook(key).verify(received.body, received.headers);
    expect(received.headers["webhook-id"]).toBe(message);
  });

  test("to an invalid URL is rejected; one to a blocked address sends no request", async () => {
    const message = await published();
    for (const url of ["ftp://example.com/", "nonsense"]) {
      const { status, json } = await world.api.post(`${tenant.path}/replay`, { since, target: { url } });
      expect([url, status, json.detail[0].loc]).toEqual([url, 422, ["body", "target", "url"]]);
    }
    expect((await tenant.get("/replay")).json.data).toEqual([]);
    await replay({ target: { url: "http://169.254.169.254/latest" } });
    expect((await attemptsOf(message, 2))[0]).toMatchObject({ status: 2, errorCode: "blocked_address" });
  });

  test("rejects invalid requests, and names the field", async () => {
    const refused = async (fields: object): Promise<unknown> => {
      const { status, json } = await world.api.post(`${tenant.path}/replay`, { since, ...fields });
      return [status, json.detail[0].loc.join(".")];
    };
    expect(await refused({ endpoints: ["missing"] })).toEqual([422, "body.endpoints.[0]"]);
    expect(await refused({ target: { endpoint: "missing" } })).toEqual([422, "body.target.endpoint"]);
    expect(await refused({ target: { endpoint: endpoint.id, url: "https://example.com" } })).toEqual([
      422,
      "body.target.url",
    ]);
    expect(await refused({ target: { secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" } })).toEqual([
      422,
      "body.target",
    ]);
    expect(await refused({ until: new Date(Date.now() - 2 * HOUR) })).toEqual([422, "body.until"]);
    expect(await refused({ ratePerSecond: 0 })).toEqual([422, "body.ratePerSecond"]);
    expect(await refused({ statuses: ["lost"] })).toEqual([422, "body.statuses.[0]"]);
  });

  test("can be paused, resumed where it was, and canceled", async () => {
    // At one message per second, enough for all requests of this test on a busy machine.
    for (let count = 0; count < MANY; count++) await published();
    const start = async (): Promise<string> =>
      (await world.api.post(`${tenant.path}/replay`, { since, ratePerSecond: 1 })).json.id;
    const control = (id: string, verb: string) => world.api.post(`${tenant.path}/replay/${id}/${verb}`);
    const paused = await start();
    expect((await control(paused, "pause")).json).toMatchObject({ status: "paused", progress: { secondsLeft: null } });
    expect((await world.api.get(`/api/v1/background-task/${paused}`)).json.status).toBe("running");
    expect((await control(paused, "pause")).status).toBe(409);
    expect((await control(paused, "resume")).json.status).toBe("running");
    expect((await control(paused, "cancel")).json).toMatchObject({ status: "canceled", endedAt: expect.any(String) });
    expect((await control(paused, "resume")).json).toMatchObject({ code: "conflict" });
    expect((await world.api.get(`/api/v1/background-task/${paused}`)).json.status).toBe("failed");
    expect((await tenant.get(`/replay/${paused}`)).json.progress.sent).toBeLessThan(MANY);
    const listed = (await tenant.get("/replay?status=canceled")).json.data;
    expect(listed.map(({ id }: { id: string }) => id)).toEqual([paused]);
  });

  test("to a disabled endpoint waits there, and is sent when the endpoint is enabled", async () => {
    const message = await published();
    await world.api.patch(endpoint.path, { disabled: true });
    expect(await replay({})).toMatchObject({ status: "finished", progress: { sent: 1 } });
    expect(await attemptsOf(message, 1)).toHaveLength(1);
    await world.api.patch(endpoint.path, { disabled: false });
    await attemptsOf(message, 2);
  });
});

describe("access to replays", () => {
  const tokenWith = async (app: string, capabilities: string[], sessionId?: string): Promise<string> =>
    (await world.api.post(`/api/v1/auth/app-portal-access/${app}`, { capabilities, sessionId })).json.token;

  test("a token of the application needs CreateAttempts, to a URL also ManageEndpoint, and is recorded with its session", async () => {
    await published();
    const portal = world.api.as(await tokenWith(tenant.id, ["ViewBase", "CreateAttempts"], "someone@work"));
    const { status, json } = await portal.post(`${tenant.path}/replay`, { since });
    expect([status, json.requestedBy]).toEqual([202, `${tenant.id} session someone@work`]);
    expect((await portal.get(`${tenant.path}/replay/${json.id}`)).status).toBe(200);
    const target = { url: `${world.receiver.url}/taken` };
    for (const path of ["/replay", "/replay/dry-run"]) {
      const refused = await portal.post(tenant.path + path, { since, target });
      expect([refused.status, refused.json.code]).toEqual([403, "insufficient access"]);
    }
    const manager = world.api.as(await tokenWith(tenant.id, ["CreateAttempts", "ManageEndpoint"]));
    expect((await manager.post(`${tenant.path}/replay`, { since, target })).status).toBe(202);
    const viewer = world.api.as(await tokenWith(tenant.id, ["ViewBase"]));
    expect((await viewer.post(`${tenant.path}/replay`, { since })).status).toBe(403);
    expect((await viewer.post(`${tenant.path}/replay/${json.id}/cancel`)).status).toBe(403);
  });

  test("is limited to the application: another one sees none of its replays", async () => {
    const { json } = await world.api.post(`${tenant.path}/replay`, { since });
    const other = await Tenant.create(world);
    const portal = world.api.as(await tokenWith(other.id, ["ViewBase", "CreateAttempts"]));
    expect((await portal.get(`${tenant.path}/replay/${json.id}`)).status).toBe(404);
    expect((await portal.get(`${other.path}/replay/${json.id}`)).status).toBe(404);
    expect((await portal.post(`${other.path}/replay/${json.id}/cancel`)).status).toBe(404);
    expect((await other.get("/replay")).json.data).toEqual([]);
    const foreign = await portal.post(`${other.path}/replay`, { since, target: { endpoint: endpoint.id } });
    expect(foreign.status).toBe(422);
  });
});

describe.each(SDK_VERSIONS)("SDK %i", (version) => {
  test("replays by filter and reports the correct number of messages", async () => {
    const sdk = world.sdk(version);
    world.receiver.respondWith(404);
    const failed = await published({ eventType: "a", channels: ["red"], tags: ["x"] });
    world.receiver.respondWith(204);
    await published({ eventType: "a" });
    const { id } = await sdk("endpoint.bulkReplay", tenant.id, endpoint.id, {
      since: new Date(since),
      eventTypes: ["a"],
      channel: "red",
      tag: "x",
      status: 2,
      statusCodeClass: 400,
    });
    await eventually(async () => {
      const task = await sdk("backgroundTask.get", id);
      expect(task).toMatchObject({ status: "finished", task: "endpoint.bulk-replay", data: { messagesSent: 1 } });
    });
    await attemptsOf(failed, 2);
    const { data } = await sdk("backgroundTask.list", { task: "endpoint.bulk-replay", status: "finished", limit: 1 });
    expect(data[0].id).toBe(id);
  });

  test("deletes the contents of some or all messages, and their responses", async () => {
    const sdk = world.sdk(version);
    world.receiver.respondWith({ body: "a secret" });
    const [first, second] = [await published({ eventId: `event-${version}` }), await published()];
    const { results } = await sdk("message.bulkExpungeContent", tenant.id, { ids: [`event-${version}`, "nothing"] });
    expect(results).toEqual({ [`event-${version}`]: "expunged", nothing: "not-found" });
    const seen = async (message: string): Promise<unknown> => {
      const { payload } = (await tenant.get(`/msg/${message}`)).json;
      return [payload, (await tenant.get(`/attempt/msg/${message}`)).json.data[0].response];
    };
    expect(await seen(first)).toEqual([{ expired: true }, "EXPUNGED"]);
    expect(await seen(second)).toEqual([{ a: 1 }, "a secret"]);
    const { id } = await sdk("message.expungeAllContents", tenant.id);
    await eventually(async () => expect((await sdk("backgroundTask.get", id)).status).toBe("finished"));
    expect(await seen(second)).toEqual([{ expired: true }, "EXPUNGED"]);
    const job = await replay({});
    expect(job.progress).toMatchObject({ sent: 0, skipped: { payloadGone: 2 } });
  });

  test("ends the tokens of an application, of one session or all, but none created afterwards", async () => {
    const sdk = world.sdk(version);
    const token = async (sessionId?: string): Promise<string> =>
      (await sdk("authentication.appPortalAccess", tenant.id, sessionId === undefined ? {} : { sessionId })).token;
    const works = async (some: string): Promise<boolean> =>
      (await world.api.as(some).get(`${tenant.path}/endpoint`)).status === 200;
    const [mine, yours, nobodys] = [await token("mine"), await token("yours"), await token()];
    expect(await works(mine)).toBe(true);
    await sdk("authentication.expireAll", tenant.id, { sessionIds: ["mine"] });
    expect(await Promise.all([mine, yours, nobodys].map(works))).toEqual([false, true, true]);
    const again = await token("mine");
    expect(await works(again)).toBe(true);
    await sdk("authentication.expireAll", tenant.id, { expiry: 3600 });
    expect(await Promise.all([again, yours, nobodys].map(works))).toEqual([true, true, true]);
    await sdk("authentication.expireAll", tenant.id, {});
    expect(await Promise.all([mine, again, yours, nobodys].map(works))).toEqual([false, false, false, false]);
    expect(await works(await token("mine"))).toBe(true);
  });
});
