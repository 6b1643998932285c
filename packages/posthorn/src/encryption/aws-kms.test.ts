import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/support/store.ts";
import { readKeyEnvironment } from "../config/env.ts";
import { type AwsKmsSource, parseKeySource } from "../config/key-source.ts";
import { awsSignature } from "../destinations/auth/aws-signature.ts";
import { AwsKmsRootKey } from "./aws-kms.ts";
import { awsCredentials } from "./aws-credentials.ts";

const ARN = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const CREDENTIALS = { accessKeyId: "AKIDOFATEST", secretAccessKey: "secret-key-of-a-test", sessionToken: "session" };
const LIMITS = { timeoutMs: 30_000, attempts: 2, pauseMs: 1 };
const KEY = Buffer.alloc(32, 9);
const NOW = Date.UTC(2026, 10, 28, 8, 0, 0);

interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

type Respond = (call: Call) => { readonly status: number; readonly body: string };

/** A server on the loopback interface that records its requests. */
async function serve(respond: Respond): Promise<{ readonly url: string; readonly calls: Call[] } & AsyncDisposable> {
  const calls: Call[] = [];
  const read = async (request: IncomingMessage): Promise<Call> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const headers = request.headers as Record<string, string>;
    return { method: request.method!, path: request.url!, headers, body: Buffer.concat(chunks).toString("utf8") };
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const call = await read(request);
    calls.push(call);
    const { status, body } = respond(call);
    response.writeHead(status).end(body);
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function keyAt(url: string): AwsKmsRootKey {
  const source = parseKeySource(`awskms:${ARN}?endpoint=${url}`) as AwsKmsSource;
  return new AwsKmsRootKey({ source, credentials: async () => CREDENTIALS, now: () => NOW, limits: LIMITS });
}

describe("a root key in AWS KMS", () => {
  it("wraps with Encrypt and the context as encryption context, in a request with a valid signature", async () => {
    await using kms = await serve(() => ({ status: 200, body: JSON.stringify({ CiphertextBlob: "c2VhbGVk" }) }));
    expect((await keyAt(kms.url).wrap(KEY, "posthorn data key 1")).toString()).toBe("sealed");
    const [call] = kms.calls;
    expect(JSON.parse(call!.body)).toEqual({
      KeyId: ARN,
      EncryptionContext: { posthorn: "posthorn data key 1" },
      Plaintext: KEY.toString("base64"),
    });
    expect(call).toMatchObject({
      method: "POST",
      path: "/",
      headers: {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": "TrentService.Encrypt",
        "x-amz-date": "20261128T080000Z",
        "x-amz-security-token": "session",
      },
    });
    const signed = ["content-type", "x-amz-target", "x-amz-date", "x-amz-security-token"];
    const request = {
      method: "POST",
      url: `${kms.url}/`,
      headers: signed.flatMap((name) => [name, call!.headers[name]!]),
      body: Buffer.from(call!.body),
    };
    const { authorization } = awsSignature(request, { service: "kms", region: "eu-central-1" }, CREDENTIALS);
    expect(call!.headers["authorization"]).toBe(authorization);
  });

  it("unwraps with Decrypt, the same context and key", async () => {
    const body = JSON.stringify({ KeyId: ARN, Plaintext: KEY.toString("base64") });
    await using kms = await serve(() => ({ status: 200, body }));
    expect(await keyAt(kms.url).unwrap(Buffer.from("sealed"), "posthorn data key 1")).toEqual(KEY);
    expect(kms.calls[0]!.headers["x-amz-target"]).toBe("TrentService.Decrypt");
    expect(JSON.parse(kms.calls[0]!.body)).toEqual({
      KeyId: ARN,
      EncryptionContext: { posthorn: "posthorn data key 1" },
      CiphertextBlob: "c2VhbGVk",
    });
  });

  it("reports the error of KMS, and does not repeat the request", async () => {
    const body = JSON.stringify({ __type: "com.amazonaws.kms#DisabledException", message: "The key is disabled." });
    await using kms = await serve(() => ({ status: 400, body }));
    await expect(keyAt(kms.url).wrap(KEY, "c")).rejects.toMatchObject({
      code: "encryption_key_unavailable",
      message: expect.stringContaining("HTTP 400, DisabledException: The key is disabled."),
    });
    expect(kms.calls).toHaveLength(1);
  });

  it("repeats a request that KMS could not process", async () => {
    const answers = [500, 200];
    const body = JSON.stringify({ CiphertextBlob: "c2VhbGVk" });
    await using kms = await serve(() => ({ status: answers.shift()!, body }));
    await keyAt(kms.url).wrap(KEY, "c");
    expect(kms.calls).toHaveLength(2);
  });

  it("rejects a response that is too long", async () => {
    await using kms = await serve(() => ({ status: 200, body: "x".repeat(100_000) }));
    await expect(keyAt(kms.url).wrap(KEY, "c")).rejects.toThrow("more than 65536 bytes");
  });
});

describe("AWS credentials", () => {
  const credentialsIn = (variables: Record<string, string>) =>
    awsCredentials({ environment: readKeyEnvironment(variables).aws, region: "eu-central-1", limits: LIMITS });
  const JSON_CREDENTIALS = JSON.stringify({ AccessKeyId: "A", SecretAccessKey: "S", Token: "T" });
  const FOUND = { accessKeyId: "A", secretAccessKey: "S", sessionToken: "T" };

  it("come from the environment variables first", async () => {
    const keys = { AWS_ACCESS_KEY_ID: "A", AWS_SECRET_ACCESS_KEY: "S" };
    expect(await credentialsIn(keys)).toEqual({ ...FOUND, sessionToken: null });
    expect(
      await credentialsIn({ ...keys, AWS_SESSION_TOKEN: "T", AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://x" }),
    ).toEqual(FOUND);
  });

  it("of a Kubernetes service account are exchanged at STS for its token", async () => {
    const names = ["AccessKeyId", "SecretAccessKey", "SessionToken"];
    const xml = names.map((name, index) => `<${name}>${"AST"[index]}</${name}>`).join("");
    await using sts = await serve(() => ({ status: 200, body: `<Credentials>${xml}</Credentials>` }));
    using folder = temporaryFolder();
    const file = join(folder.path, "token");
    writeFileSync(file, "jwt-of-the-pod\n");
    const variables = {
      AWS_WEB_IDENTITY_TOKEN_FILE: file,
      AWS_ROLE_ARN: "arn:aws:iam::111122223333:role/posthorn",
      AWS_ENDPOINT_URL_STS: sts.url,
    };
    expect(await credentialsIn(variables)).toEqual(FOUND);
    expect(Object.fromEntries(new URLSearchParams(sts.calls[0]!.body))).toEqual({
      Action: "AssumeRoleWithWebIdentity",
      Version: "2011-06-15",
      RoleArn: "arn:aws:iam::111122223333:role/posthorn",
      RoleSessionName: "posthorn",
      WebIdentityToken: "jwt-of-the-pod",
    });
  });

  it("of a container come from its endpoint, with the token of its file", async () => {
    await using endpoint = await serve(() => ({ status: 200, body: JSON_CREDENTIALS }));
    using folder = temporaryFolder();
    const file = join(folder.path, "token");
    writeFileSync(file, "token-of-the-pod\n");
    const variables = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${endpoint.url}/v1/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file,
    };
    expect(await credentialsIn(variables)).toEqual(FOUND);
    expect(endpoint.calls[0]).toMatchObject({
      path: "/v1/credentials",
      headers: { authorization: "token-of-the-pod" },
    });
  });

  it("of an EC2 instance come from version 2 of its metadata service", async () => {
    await using metadata = await serve(({ method, path, headers }) => {
      if (path === "/latest/api/token") {
        const isToken = method === "PUT" && headers["x-aws-ec2-metadata-token-ttl-seconds"] === "300";
        return { status: isToken ? 200 : 400, body: "session" };
      }
      if (headers["x-aws-ec2-metadata-token"] !== "session") return { status: 401, body: "" };
      const isList = path === "/latest/meta-data/iam/security-credentials/";
      return { status: 200, body: isList ? "posthorn-role" : JSON_CREDENTIALS };
    });
    expect(await credentialsIn({ AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url })).toEqual(FOUND);
    expect(metadata.calls.at(-1)!.path).toBe("/latest/meta-data/iam/security-credentials/posthorn-role");
  });

  it("that are missing are reported with the places to put them", async () => {
    await expect(credentialsIn({ AWS_EC2_METADATA_DISABLED: "true" })).rejects.toMatchObject({
      code: "encryption_key_unavailable",
      message: expect.stringContaining("AWS_ACCESS_KEY_ID"),
    });
  });
});
