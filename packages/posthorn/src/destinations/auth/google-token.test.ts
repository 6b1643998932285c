import { generateKeyPairSync, verify } from "node:crypto";
import { requireOracle } from "@posthorn/testkit/oracles";
import { beforeAll, describe, expect, it } from "vitest";
import { googleAssertion, isAllowedTokenUrl, readServiceAccount, type ServiceAccount } from "./google-token.ts";

const SCOPE = "https://www.googleapis.com/auth/pubsub";
const keys = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
const FILE = {
  type: "service_account",
  client_email: "sender@acme.iam.gserviceaccount.com",
  private_key: keys.privateKey,
  private_key_id: "key-1",
  token_uri: "https://oauth2.googleapis.com/token",
};

describe("assertions of Google service accounts", () => {
  let account: ServiceAccount;
  beforeAll(() => {
    account = readServiceAccount(JSON.stringify(FILE)) as ServiceAccount;
  });

  it("have the claims that Google's own client sends", async () => {
    const [, ours] = decoded(await googleAssertion(account, SCOPE, Date.now()));
    const [, theirs] = decoded(await assertionOfGooglesClient());
    expect({ ...ours, iat: 0, exp: 0 }).toEqual({ ...theirs, iat: 0, exp: 0 });
    expect(Number(ours["exp"]) - Number(ours["iat"])).toBe(Number(theirs["exp"]) - Number(theirs["iat"]));
  });

  it("are signed with the key of the account, and name it", async () => {
    const jwt = await googleAssertion(account, SCOPE, 1_800_000_000_999);
    const [header, claims] = decoded(jwt);
    expect(header).toEqual({ alg: "RS256", typ: "JWT", kid: "key-1" });
    expect(claims).toMatchObject({ iat: 1_800_000_000, exp: 1_800_003_600 });
    const [head, body, signature] = jwt.split(".");
    const signed = Buffer.from(`${head}.${body}`);
    expect(verify("RSA-SHA256", signed, keys.publicKey, Buffer.from(signature!, "base64url"))).toBe(true);
  });
});

describe("key files of Google service accounts", () => {
  it.each([
    ["no JSON", "{", /not JSON/],
    ["a list", "[]", /not JSON/],
    [
      "credentials that run a program or ask another server",
      { ...FILE, type: "external_account" },
      /"service_account"/,
    ],
    ["an own account", { ...FILE, type: "authorized_user" }, /"service_account"/],
    ["no address", { ...FILE, client_email: undefined }, /"client_email"/],
    ["no key", { ...FILE, private_key: "none" }, /"private_key"/],
    ["an invalid token URL", { ...FILE, token_uri: "oauth2" }, /"token_uri"/],
  ])("are rejected with advice, and without quoting them: %s", (_, file, problem) => {
    const read = readServiceAccount(typeof file === "string" ? file : JSON.stringify(file));
    expect(read).toMatch(problem);
    expect(read).toMatch(/\.$/);
  });

  it("must name a token service of Google, or one that the operator allows", () => {
    expect(isAllowedTokenUrl("https://oauth2.googleapis.com/token", [])).toBe(true);
    for (const url of [
      "https://oauth2.googleapis.com.example.com/token",
      "http://oauth2.googleapis.com/token",
      "https://oauth2.googleapis.com@example.com/token",
      "https://oauth2.googleapis.com/token?x=1",
      "http://169.254.169.254/token",
    ]) {
      expect(isAllowedTokenUrl(url, [])).toBe(false);
      expect(isAllowedTokenUrl(url, [url])).toBe(true);
    }
  });
});

interface GooglesClient {
  readonly transporter: { request: (options: { readonly data: URLSearchParams }) => Promise<unknown> };
  authorize(): Promise<unknown>;
}

async function assertionOfGooglesClient(): Promise<string> {
  const { JWT } = requireOracle<{ readonly JWT: new (options: object) => GooglesClient }>("google-auth-library");
  let sent = "";
  const client = new JWT({ email: FILE.client_email, key: FILE.private_key, scopes: [SCOPE] });
  client.transporter.request = (options) => {
    sent = options.data.get("assertion")!;
    return Promise.resolve({ data: { access_token: "token", expires_in: 3600, token_type: "Bearer" } });
  };
  await client.authorize();
  return sent;
}

function decoded(jwt: string): [header: Record<string, unknown>, claims: Record<string, unknown>] {
  const [header, claims] = jwt.split(".", 2).map((part) => JSON.parse(Buffer.from(part, "base64url").toString()) as {});
  return [header as Record<string, unknown>, claims as Record<string, unknown>];
}
