import { isSkipped, startMoto, type TestMoto } from "@posthorn/testkit/counterparts";
import { eventually, startServer, type TestServer } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AwsClient, KEYS, REGION } from "./aws-client.ts";

/** The credentials of the server. */
const CREDENTIALS = { AWS_ACCESS_KEY_ID: KEYS.accessKeyId, AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey };

async function call(server: TestServer, method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const response = await fetch(server.url + path, {
    method,
    headers: { authorization: `Bearer ${server.token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(response.ok, `${method} ${path} ${response.status}`).toBe(true);
  return (await response.json()) as Record<string, unknown>;
}

describe.skipIf(isSkipped("moto"))("a root key in AWS KMS (Moto)", () => {
  let moto: TestMoto;

  beforeAll(async () => {
    moto = await startMoto();
  });
  afterAll(async () => {
    await moto[Symbol.asyncDispose]();
  });

  it(
    "decrypts the data keys of a server at each start, and is replaced by a rotation",
    { timeout: 600_000 },
    async () => {
      const aws = new AwsClient(moto.url);
      const create = async (): Promise<string> => {
        const { KeyMetadata: key } = await aws.json("kms", "TrentService.CreateKey", {});
        return `awskms:${(key as { Arn: string }).Arn}?endpoint=${moto.url}`;
      };
      const [first, second] = [await create(), await create()];
      expect(first).toContain(`:kms:${REGION}:`);
      await using server = await startServer({ env: { ...CREDENTIALS, POSTHORN_ENCRYPTION_KEY: first } });
      const { id: app } = await call(server, "POST", "/api/v1/app", { name: "a" });
      const url = "http://127.0.0.1:8999/hook";
      const { id: endpoint } = await call(server, "POST", `/api/v1/app/${String(app)}/endpoint`, { url });
      const path = `/api/v1/app/${String(app)}/endpoint/${String(endpoint)}/secret`;
      const secret = await call(server, "GET", path);

      await server.stop();
      await server.restart();
      expect(await call(server, "GET", path)).toEqual(secret);

      await server.stop();
      await server.restart({ POSTHORN_ENCRYPTION_KEY: second, POSTHORN_ENCRYPTION_KEY_PREVIOUS: first });
      const { id: task } = await call(server, "POST", "/api/v1/encryption/rotate");
      const ended = async (): Promise<void> => {
        const result = await call(server, "GET", `/api/v1/background-task/${String(task)}`);
        expect(result).toMatchObject({ status: "finished" });
      };
      await eventually(ended, { timeoutMs: 120_000, intervalMs: 200 });
      await server.stop();
      await server.restart({ POSTHORN_ENCRYPTION_KEY: second, POSTHORN_ENCRYPTION_KEY_PREVIOUS: "" });
      expect(await call(server, "GET", path)).toEqual(secret);

      await server.stop();
      await expect(server.restart({ POSTHORN_ENCRYPTION_KEY: first })).rejects.toThrow(second.split("?")[0]!);
    },
  );
});
