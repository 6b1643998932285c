/** A stand-in for Google Cloud Pub/Sub that responds as documented: the emulator of Google speaks gRPC only. */
import { generateKeyPairSync } from "node:crypto";
import { startWebServer } from "./web-server.ts";

const PATH = "/v1/projects/acme-prod/subscriptions/orders";
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

interface Held {
  readonly id: string;
  readonly data: Buffer;
  acknowledged: boolean;
  /** Time before which it is not delivered again, in Unix milliseconds. */
  leasedUntil: number;
}

/**
 * A subscription that delivers a message until it is acknowledged.
 *
 * @param leaseMs Time between two deliveries of a message.
 */
export async function startPubSub(leaseMs = 0) {
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
    const fields = JSON.parse(body) as { readonly ackIds?: readonly string[]; readonly maxMessages?: number };
    if (request.url === `${PATH}:acknowledge`) {
      const ids = new Set(fields.ackIds);
      for (const one of held) if (ids.has(`ack-${one.id}`)) one.acknowledged = true;
      return json({});
    }
    if (request.url !== `${PATH}:pull`) return json({ error: { status: "NOT_FOUND", message: "no" } }, 404);
    const now = Date.now();
    const delivered = held
      .filter(({ acknowledged, leasedUntil }) => !acknowledged && leasedUntil <= now)
      .slice(0, fields.maxMessages);
    for (const one of delivered) one.leasedUntil = now + leaseMs;
    const receivedMessages = delivered.map(({ id, data }) => ({
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
  const tokenUrl = `${server.url}/token`;
  const credentials = JSON.stringify({
    type: "service_account",
    client_email: "reader@acme-prod.iam.gserviceaccount.com",
    private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
    private_key_id: "k1",
    token_uri: tokenUrl,
  });
  return {
    held,
    tokenUrl,
    publish: (id: string, data: Buffer) => void held.push({ id, data, acknowledged: false, leasedUntil: 0 }),
    get unacknowledged() {
      return held.filter(({ acknowledged }) => !acknowledged).length;
    },
    refuse: (status: number, body: object) => void (refusal = { status, body }),
    config: { projectId: "acme-prod", subscriptionId: "orders", credentials, endpointUrl: server.url },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
