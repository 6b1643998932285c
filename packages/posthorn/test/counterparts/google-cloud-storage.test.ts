import { generateKeyPairSync } from "node:crypto";
import { eventually, type Receiver, startReceiver, type TestServer } from "@posthorn/testkit";
import { isSkipped, startFakeGcs, type TestGcs } from "@posthorn/testkit/counterparts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CloudScene, startCloudServer } from "./cloud-scene.ts";

const PAYLOAD = '{"big": 12345678901234567890, "exact": 1.0, "text": "ü\\u00fc"}';

describe.skipIf(isSkipped("gcs"))("Google Cloud Storage (fake-gcs-server)", () => {
  let gcs: TestGcs;
  let tokens: Receiver;
  let server: TestServer;
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });

  beforeAll(async () => {
    gcs = await startFakeGcs();
    tokens = await startReceiver({ response: { status: 200, body: '{"access_token":"ya29.test","expires_in":3599}' } });
    server = await startCloudServer({ POSTHORN_GOOGLE_TOKEN_URLS: `${tokens.url}/token` });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await tokens[Symbol.asyncDispose]();
    await gcs[Symbol.asyncDispose]();
  });

  const configOf = (bucket: string): Readonly<Record<string, string>> => ({
    bucket,
    endpointUrl: gcs.url,
    credentials: JSON.stringify({
      type: "service_account",
      client_email: "sender@acme.iam.gserviceaccount.com",
      private_key: privateKey,
      token_uri: `${tokens.url}/token`,
    }),
  });
  const createBucket = async (name: string): Promise<void> => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${gcs.url}/storage/v1/b?project=test`, {
      method: "POST",
      headers,
      body: `{"name":"${name}"}`,
    });
    expect(response.status).toBe(200);
  };
  const names = async (bucket: string): Promise<readonly string[]> => {
    const response = await fetch(`${gcs.url}/storage/v1/b/${bucket}/o`);
    const { items = [] } = (await response.json()) as { readonly items?: readonly { readonly name: string }[] };
    return items.map(({ name }) => name);
  };

  it("has each message as one object, byte for byte, although it was sent again, with a single token", async () => {
    await createBucket("archive");
    const scene = await CloudScene.open(server, "googleCloudStorage", {
      ...configOf("archive"),
      key: "events/{id}.json",
      format: "raw",
    });
    const id = await scene.publish(PAYLOAD);
    await scene.delivered(id);
    expect(await names("archive")).toEqual([`events/${id}.json`]);
    const object = await fetch(
      `${gcs.url}/storage/v1/b/archive/o/${encodeURIComponent(`events/${id}.json`)}?alt=media`,
    );
    expect(await object.text()).toBe(PAYLOAD);
    await scene.resend(id);
    const attempts = await scene.delivered(id, 2);
    expect(attempts.map(({ responseStatusCode }) => responseStatusCode).toSorted((a, b) => a - b)).toEqual([200, 412]);
    expect(await names("archive")).toHaveLength(1);
    expect(tokens.requests).toHaveLength(1);
  });

  it("gets a message after it could not be reached for a while", async () => {
    await createBucket("restarted");
    const scene = await CloudScene.open(server, "googleCloudStorage", configOf("restarted"));
    await gcs.program.kill();
    const id = await scene.publish(PAYLOAD);
    await eventually(async () => expect((await scene.attempts(id)).length).toBeGreaterThan(0));
    await gcs.program.start();
    await scene.delivered(id);
    expect(await names("restarted")).toHaveLength(1);
  });

  it("gets no token with a key file whose token service the operator does not allow", async () => {
    const { credentials, ...config } = configOf("archive");
    const foreign = credentials!.replace("/token", "/other");
    const scene = await CloudScene.open(server, "googleCloudStorage", { ...config, credentials: foreign });
    const before = tokens.requests.length;
    const id = await scene.publish(PAYLOAD);
    const [attempt] = await eventually(async () => {
      const found = await scene.attempts(id);
      expect(found).not.toEqual([]);
      return found;
    });
    expect(attempt!.response).toContain("is not Google's");
    expect(tokens.requests).toHaveLength(before);
  });
});
