/** Destinations of the official SDK on endpoints of every kind that has a type there. */
import { uid } from "@posthorn/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import type { Sdk } from "../lib/sdk.ts";
import { useWorld } from "../lib/world.ts";

const world = useWorld();
let sdk: Sdk;
let app: string;

beforeAll(async () => {
  sdk = world.sdk(2);
  app = (await sdk("application.create", { name: "Destinations", uid: uid("app") })).id;
});

const AWS = { region: "eu-central-1", accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "s".repeat(40) };
const CREDENTIALS = JSON.stringify({
  type: "service_account",
  project_id: "acme",
  private_key_id: "1",
  private_key: "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n",
  client_email: "posthorn@acme.iam.gserviceaccount.com",
  token_uri: "https://oauth2.googleapis.com/token",
});

/** A configuration of each type, as a user of the SDK would write it, and its secret. */
const TYPES: readonly (readonly [type: string, config: Readonly<Record<string, unknown>>, secret: string])[] = [
  ["sqs", { queueUrl: "https://sqs.eu-central-1.amazonaws.com/123456789012/events", ...AWS }, AWS.secretAccessKey],
  ["sns", { topicArn: "arn:aws:sns:eu-central-1:123456789012:events", ...AWS }, AWS.secretAccessKey],
  ["eventBridge", { eventBusName: "events", detailType: "event", ...AWS }, AWS.secretAccessKey],
  ["amazonS3", { bucket: "acme-events", ...AWS }, AWS.secretAccessKey],
  ["googleCloudStorage", { bucket: "acme-events", credentials: CREDENTIALS }, "MIIB"],
  ["googleCloudPubSub", { projectId: "acme-events", topicId: "events", credentials: CREDENTIALS }, "MIIB"],
  [
    "azureBlobStorage",
    { account: "acmeevents", container: "events", accessKey: Buffer.alloc(64, 7).toString("base64") },
    Buffer.alloc(64, 7).toString("base64"),
  ],
  [
    "clickhouse",
    {
      url: "https://clickhouse.example.com:8443",
      username: "posthorn",
      password: "p4ssword-x",
      database: "d",
      tableName: "t",
    },
    "p4ssword-x",
  ],
  ["rabbitMq", { uri: "amqps://me:p4ssword-y@rabbit.example.com/", routingKey: "events" }, "p4ssword-y"],
  [
    "postgres",
    {
      url: "postgres://me@db.example.com:5432/acme?sslmode=require",
      password: "p4ssword-z",
      tableName: "public.events",
    },
    "p4ssword-z",
  ],
];

describe("a destination", () => {
  test.each(TYPES)(
    "of type %s is created, read, changed and deleted, without its secrets",
    async (type, config, secret) => {
      const made = await sdk("destination.create", app, { type, config, uid: uid("dest") });
      expect(made).toMatchObject({ type, status: "enabled" });
      const read = await sdk("destination.get", app, made.id);
      expect(read.config).toEqual(made.config);
      const changed = await sdk("destination.patch", app, made.id, { type, config: {}, status: "disabled" });
      expect(changed).toMatchObject({ id: made.id, status: "disabled", config: made.config });
      await sdk("destination.upsert", app, made.id, { type, config, status: "enabled" });
      await sdk("destination.delete", app, made.id);
      const bodies = world.recorder.calls.map(({ body }) => body);
      expect(bodies.filter((body) => body.includes(secret))).toEqual([]);
    },
  );

  test("delivers messages in order, and names the last one", async () => {
    const { id } = await sdk("destination.create", app, {
      type: "fifoEndpoint",
      config: { url: `${world.receiver.url}/fifo` },
    });
    const sent: string[] = [];
    for (let n = 0; n < 5; n++) {
      sent.push((await sdk("message.create", app, { eventType: "a.b", payload: { n } })).id);
    }
    const last = await world.receiver.waitFor(
      ({ path, headers }) => path === "/fifo" && headers["webhook-id"] === sent.at(-1),
    );
    expect(last.headers["webhook-signature"]).toMatch(/^v1,/);
    const order = world.receiver.requests
      .filter(({ path }) => path === "/fifo")
      .map(({ headers }) => headers["webhook-id"]);
    expect(order).toEqual(sent);
    await expect.poll(async () => (await sdk("destination.get", app, id)).currentIterator).toBe(sent.at(-1));
  });
});
