/** Pub/Sub against a stand-in that responds as documented: the emulator of Google speaks gRPC only. */
import { generateKeyPairSync } from "node:crypto";
import { eventually } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { SourceScene } from "./scene.ts";
import { startWebServer } from "./web-server.ts";

const PATH = "/v1/projects/acme-prod/subscriptions/orders";
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

interface Held {
  readonly id: string;
  readonly data: Buffer;
  acknowledged: boolean;
}

/** A subscription that delivers a message until it is acknowledged. */
async function startPubSub() {
  const server = await startWebServer();
  const held: Held[] = [];
  let refusal: { readonly status: number; readonly body: object } | null = null;
  server.respond = (request, response, body) => {
    const json = (value: object, status = 200): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    };
    if (request.url === "/token") return json({ access_token: "token-1", expires_in: 3600, token_type: "Bearer" });
    if (request.headers.authorization !== "Bearer token-1") return json({ error: { status: "UNAUTHENTICATED" } }, 401);
    if (refusal !== null) return json(refusal.body, refusal.status);
    if (request.url === `${PATH}:acknowledge`) {
      for (const id of (JSON.parse(body) as { readonly ackIds: readonly string[] }).ackIds) {
        held.find((one) => `ack-${one.id}` === id)!.acknowledged = true;
      }
      return json({});
    }
    if (request.url !== `${PATH}:pull`) return json({ error: { status: "NOT_FOUND", message: "no" } }, 404);
    const receivedMessages = held
      .filter(({ acknowledged }) => !acknowledged)
      .map(({ id, data }) => ({
        ackId: `ack-${id}`,
        message: {
          messageId: id,
          data: data.toString("base64"),
          attributes: { kind: "order" },
          publishTime: "2026-03-02T00:00:00Z",
          orderingKey: "k",
        },
      }));
    return json(receivedMessages.length === 0 ? {} : { receivedMessages });
  };
  const credentials = JSON.stringify({
    type: "service_account",
    client_email: "reader@acme-prod.iam.gserviceaccount.com",
    private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
    private_key_id: "k1",
    token_uri: `${server.url}/token`,
  });
  return {
    server,
    held,
    refuse: (status: number, body: object) => void (refusal = { status, body }),
    config: { projectId: "acme-prod", subscriptionId: "orders", credentials, endpointUrl: server.url },
  };
}

describe("a Pub/Sub source", () => {
  it("stores exact bytes with attributes, acknowledges what is stored, and drops what is delivered again", async () => {
    const pubSub = await startPubSub();
    await using server = pubSub.server;
    await using scene = await SourceScene.start({ POSTHORN_GOOGLE_TOKEN_URLS: `${server.url}/token` });
    const bytes = Buffer.from([0, 255, 10, 13]);
    pubSub.held.push({ id: "1", data: bytes, acknowledged: false });
    const source = await scene.source("googlePubSub", { ...pubSub.config, eventType: "pubsub.{header:kind}" });
    await eventually(() => expect(pubSub.held[0]!.acknowledged).toBe(true));
    pubSub.held[0]!.acknowledged = false;
    pubSub.held.push({ id: "2", data: Buffer.from('{"n": 2.0}'), acknowledged: false });
    await eventually(() => expect(pubSub.held.every(({ acknowledged }) => acknowledged)).toBe(true));
    const messages = await scene.messages(source);
    expect(messages.map(({ eventId, eventType }) => [eventId, eventType])).toEqual([
      ["1", "pubsub.order"],
      ["2", "pubsub.order"],
    ]);
  });

  it("says that the subscription does not exist, and that a permission is missing", async () => {
    const pubSub = await startPubSub();
    await using server = pubSub.server;
    await using scene = await SourceScene.start({ POSTHORN_GOOGLE_TOKEN_URLS: `${server.url}/token` });
    const missing = await scene.source("googlePubSub", { ...pubSub.config, subscriptionId: "missing" });
    expect(await scene.state(missing)).toMatchObject({ state: "failing", error: { code: "target_not_found" } });
    pubSub.refuse(403, { error: { status: "PERMISSION_DENIED", message: "no" } });
    const refused = await scene.source("googlePubSub", pubSub.config);
    expect(await scene.state(refused)).toMatchObject({ state: "failing", error: { code: "credentials_refused" } });
  });
});
