/** Webhooks as providers send them, over HTTP to a running server, and forwarded to receivers that verify the provider's signature. */
import { eventually, type Received, uid } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import {
  type Arrived,
  discordPublicKey,
  discordRequest,
  providerSenders,
  type Sent,
  slackRequest,
  zoomRequest,
  zoomToken,
} from "../lib/provider-senders.ts";
import { useWorld } from "../lib/world.ts";

const world = useWorld();

interface Source {
  readonly id: string;
  readonly url: string;
  /** Path of the receiver that the endpoint calls. */
  readonly hook: string;
}

async function makeSource(type: string, fields: object): Promise<Source> {
  const made = await world.api.post("/ingest/api/v1/source", { name: type, type, ...fields });
  expect(made).toMatchObject({ status: 201 });
  const { id, ingestUrl: url } = made.json as { readonly id: string; readonly ingestUrl: string };
  const hook = `/${uid("hook")}`;
  await world.api.post(`/ingest/api/v1/source/${id}/endpoint`, { url: world.receiver.url + hook });
  return { id, url, hook };
}

function deliver(url: string, { headers, body }: Sent, method = "POST"): Promise<Response> {
  return fetch(url, { method, headers: { ...headers }, ...(method === "GET" ? {} : { body }) });
}

function arrivedAt({ hook }: Source): readonly Received[] {
  return world.receiver.requests.filter(({ path }) => path === hook);
}

async function quarantineOf({ id }: Source): Promise<readonly { readonly reason: string }[]> {
  return (await world.api.get(`/ingest/api/v1/source/${id}/quarantine`)).json.data;
}

/** Bypasses the contract check of the common API: providers have types such as `orders/create`, which it does not allow. */
async function messagesOf({ id }: Source): Promise<readonly { readonly eventType: string }[]> {
  const headers = { authorization: `Bearer ${world.server.token}` };
  const response = await fetch(`${world.server.url}/api/v1/app/${id}/msg`, { headers });
  return ((await response.json()) as { readonly data: readonly { readonly eventType: string }[] }).data;
}

/** Changes one byte of the body: a digit in a text, so that the body keeps its format. */
function withOneByteChanged({ headers, body }: Sent): Sent {
  const at = body.search(/[1-8](?=\D*$)/);
  return { headers, body: body.slice(0, at) + String(Number(body[at]) + 1) + body.slice(at + 1) };
}

describe.each(providerSenders)("$provider, signed by $by", (sender) => {
  it("is verified, stored, and forwarded byte for byte to a receiver that verifies it again", async () => {
    const source = await makeSource(sender.provider, sender.source);
    const sent = await sender.send(source.url, uid("d"));
    const response = await deliver(source.url, sent);
    expect(response.status).toBeLessThan(300);
    expect(await response.text()).toMatch(sender.response ?? /^/);
    expect(await messagesOf(source)).toMatchObject([sender.eventType === "" ? {} : { eventType: sender.eventType }]);
    const received = await world.receiver.waitFor(({ path }) => path === source.hook);
    expect(received.body.toString()).toBe(sent.body);
    expect(received.headers).toMatchObject(sent.headers);
    expect(received.headers["x-posthorn-provider"]).toBe(sender.provider);
    const arrived: Arrived = { headers: received.headers, body: received.body, url: source.url };
    expect(await sender.accepts(arrived)).not.toBe(false);
  });

  it.runIf(sender.signs)("is quarantined with the reason when one byte was changed, and is not forwarded", async () => {
    const source = await makeSource(sender.provider, sender.source);
    const sent = withOneByteChanged(await sender.send(source.url, uid("d")));
    const response = await deliver(source.url, sent);
    expect(response.status).toBe(401);
    await eventually(async () => expect(await quarantineOf(source)).toMatchObject([{ reason: "signature_mismatch" }]));
    expect(await messagesOf(source)).toEqual([]);
    expect(arrivedAt(source)).toEqual([]);
  });
});

describe("handshakes", () => {
  it("of Slack echo the challenge if it is signed", async () => {
    const source = await makeSource("slack", { secrets: ["a-webhook-secret-0123456789abcdef"] });
    const body = JSON.stringify({
      type: "url_verification",
      token: "t",
      challenge: "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P",
    });
    const response = await deliver(source.url, slackRequest(body));
    expect(response.status).toBe(200);
    expect(await response.text()).toContain("3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P");
    expect((await deliver(source.url, { ...slackRequest(body), body: `${body} ` })).status).toBe(401);
  });

  it("of Discord respond to a PING, and reject one with a bad signature with exactly 401", async () => {
    const source = await makeSource("discord", { publicKeys: [discordPublicKey] });
    const ping = discordRequest('{"type":1,"id":"1","application_id":"2"}');
    const response = await deliver(source.url, ping);
    expect([response.status, await response.json()]).toEqual([200, { type: 1 }]);
    const forged = { ...ping, headers: { ...ping.headers, "x-signature-ed25519": "0".repeat(128) } };
    expect((await deliver(source.url, forged)).status).toBe(401);
    expect(
      (await deliver(source.url, { headers: { "content-type": "application/json" }, body: ping.body })).status,
    ).toBe(401);
  });

  it("of Meta echo the challenge only to a caller with the verify token", async () => {
    const source = await makeSource("meta", { secrets: ["s"], config: { verifyToken: "meatyhamhock" } });
    const asked = (token: string): Promise<Response> =>
      deliver(
        `${source.url}?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=${token}`,
        { headers: {}, body: "" },
        "GET",
      );
    const response = await asked("meatyhamhock");
    expect([response.status, await response.text()]).toEqual([200, "1158201444"]);
    expect((await asked("guessed")).status).toBe(403);
  });

  it("of Zoom respond to the URL validation with the encrypted token", async () => {
    const source = await makeSource("zoom", { secrets: ["a-webhook-secret-0123456789abcdef"] });
    const plainToken = "qgg8vlvZRS6UYooatFL8Aw";
    const body = JSON.stringify({ payload: { plainToken }, event_ts: 1, event: "endpoint.url_validation" });
    const response = await deliver(source.url, zoomRequest(body));
    expect([response.status, await response.json()]).toEqual([
      200,
      { plainToken, encryptedToken: zoomToken(plainToken) },
    ]);
  });

  it("are not events: nothing of them is stored or forwarded", async () => {
    const source = await makeSource("zoom", { secrets: ["a-webhook-secret-0123456789abcdef"] });
    const body = JSON.stringify({ payload: { plainToken: "x" }, event_ts: 1, event: "endpoint.url_validation" });
    await deliver(source.url, zoomRequest(body));
    expect(await messagesOf(source)).toEqual([]);
    expect(arrivedAt(source)).toEqual([]);
  });
});
