/** Sources that accept anything, respond as configured, and expire. */
import { eventually } from "@posthorn/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { TestGateway } from "../support/gateway.ts";
import { ShiftedClock } from "../support/shifted-clock.ts";

const HOUR_MS = 3_600_000;
const clock = new ShiftedClock();
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await TestGateway.start({}, { clock });
});

afterAll(() => gateway[Symbol.asyncDispose]());

const capture = (fields: object) =>
  gateway.source(
    {
      expiresAt: new Date(clock.now() + 24 * HOUR_MS).toISOString(),
      type: "generic-webhook",
      verification: { scheme: "none" },
      allowUnsigned: true,
      methods: ["POST", "GET", "DELETE"],
      deduplication: "off",
      ...fields,
    },
    false,
  );

it("responds with any final status, with headers and a body, and stores the request in any case", async () => {
  const response = {
    status: 503,
    headers: { "content-type": "application/json", "x-seen": "yes" },
    body: '{"no":1.0}',
  };
  const source = await capture({ response });
  const reply = await fetch(`${source.url}/a/b?c=d`, { method: "DELETE", body: "same" });
  expect([reply.status, reply.headers.get("x-seen"), await reply.text()]).toEqual([503, "yes", '{"no":1.0}']);
  await fetch(source.url, { method: "POST", body: "same" });
  const { json } = await gateway.call("GET", `ingest/api/v1/source/${source.id}/event`);
  expect(json["data"]).toMatchObject([
    { method: "POST", path: "" },
    { method: "DELETE", path: "/a/b", query: "c=d", bodyBytes: 4 },
  ]);
});

it("delays its response as configured, and stores the request before", async () => {
  const source = await capture({ response: { delaySeconds: 20 } });
  let answered = false;
  const reply = fetch(source.url, { method: "POST", body: "slow" }).then((response) => {
    answered = true;
    return response.status;
  });
  await eventually(async () => expect(await gateway.messages(source)).toHaveLength(1));
  expect(answered).toBe(false);
  clock.advance(20_000);
  expect(await reply).toBe(200);
});

it("ends at its expiry: the URL stops working at once", async () => {
  const expiresAt = new Date(clock.now() + HOUR_MS).toISOString();
  const source = await capture({ expiresAt });
  expect((await gateway.call("GET", `ingest/api/v1/source/${source.id}`)).json["expiresAt"]).toBe(expiresAt);
  expect((await fetch(source.url, { method: "POST", body: "a" })).status).toBe(200);
  clock.advance(HOUR_MS + 1000);
  expect((await fetch(source.url, { method: "POST", body: "b" })).status).toBe(404);
});

it("is forwarded to a URL with the received body and headers, and not to addresses that deliveries may not reach", async () => {
  const source = await capture({});
  await fetch(source.url, {
    method: "POST",
    headers: { "x-mine": "1", "content-type": "text/plain" },
    body: "as it came",
  });
  const { json } = await gateway.call("GET", `ingest/api/v1/source/${source.id}/event`);
  const { id, receivedAt } = (json["data"] as { id: string; receivedAt: string }[])[0]!;
  const replay = (url: string) =>
    gateway.call("POST", `api/v1/app/${source.id}/replay`, { since: receivedAt, until: receivedAt, target: { url } });
  expect((await replay("http://169.254.169.254/latest")).status).toBe(202);
  await eventually(async () => {
    // Looked up by message, because the target of a replay is deleted soon after the replay has ended.
    const { json: list } = await gateway.call("GET", `api/v1/app/${source.id}/attempt/msg/${id}`);
    expect(list["data"]).toMatchObject([{ errorCode: "blocked_address" }]);
  });
  expect((await replay(`${gateway.receiver.url}/on`)).status).toBe(202);
  const got = await eventually(() => {
    const request = gateway.receiver.requests.find(({ path }) => path === "/on");
    if (request === undefined) throw new Error("not yet");
    return request;
  });
  expect([got.body.toString(), got.headers["x-mine"], got.headers["content-type"]]).toEqual([
    "as it came",
    "1",
    "text/plain",
  ]);
});
