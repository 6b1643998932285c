import { generateKeyPairSync } from "node:crypto";
import { Egress } from "@posthorn/egress";
import { startReceiver } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { CloudAuthorizer } from "../../src/destinations/auth/cloud-authorizer.ts";
import type { AuthContext } from "../../src/destinations/auth/authorizer.ts";
import type { AwsAuth, KindAuth, KindRequest } from "../../src/destinations/kind.ts";

const REQUEST: KindRequest = {
  method: "POST",
  url: "https://sqs.eu-central-1.amazonaws.com/",
  headers: [],
  secretHeaders: [],
  body: Buffer.from("{}"),
  auth: null,
};

function roleAt(stsUrl: string): AwsAuth {
  return {
    type: "aws",
    service: "sqs",
    region: "eu-central-1",
    accessKeyId: "AKIDOFATEST",
    secretAccessKey: "secret-key-of-a-test",
    sessionToken: null,
    role: { arn: "arn:aws:iam::123456789012:role/send", externalId: null, stsUrl },
  };
}

function accountAt(tokenUrl: string): KindAuth {
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const file = {
    type: "service_account",
    client_email: "sender@acme.iam.gserviceaccount.com",
    private_key: privateKey,
    token_uri: tokenUrl,
  };
  return { type: "google", credentialsJson: JSON.stringify(file), scope: "scope" };
}

/** Created like the one of the runner of HTTP kinds, with the address rules of a server on the internet. */
function contextOf(egress: Egress): AuthContext {
  const { signal } = new AbortController();
  return {
    now: Date.now(),
    send: (request) => egress.send({ ...request, timeoutMs: 300_000, maxResponseBytes: 65_536, signal }),
    network: "",
    timeoutMs: 300_000,
    signal,
  };
}

describe("requests for temporary credentials", () => {
  it("never reach an address that the server's rules forbid", async () => {
    await using receiver = await startReceiver({ response: 200 });
    await using egress = new Egress();
    for (const url of [`${receiver.url}/token`, "http://169.254.169.254/latest/api/token", "http://[fd00:ec2::254]/"]) {
      // The operator allows the URL, but not its address.
      const authorizer = new CloudAuthorizer({ googleTokenUrls: [url] });
      for (const auth of [roleAt(url), accountAt(url)]) {
        const result = await authorizer.authorize(REQUEST, auth, contextOf(egress));
        expect(result).toMatchObject({ kind: "unreachable", failure: { fault: "refused" } });
      }
    }
    expect(receiver.requests).toEqual([]);
  });
});
