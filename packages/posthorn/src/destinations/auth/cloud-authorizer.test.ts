import { generateKeyPairSync } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import type { EgressFailure, EgressResult } from "@posthorn/egress";
import { describe, expect, it } from "vitest";
import type { AwsAuth, KindAuth, KindRequest, KindResponse } from "../kind.ts";
import type { AuthContext, AuthResult, TokenRequest } from "./authorizer.ts";
import { CloudAuthorizer } from "./cloud-authorizer.ts";
import { REQUEST_TIMINGS } from "../../../test/support/request-timings.ts";

const NOW = Date.UTC(2026, 10, 27, 12);
const REQUEST: KindRequest = {
  method: "POST",
  url: "https://sqs.eu-central-1.amazonaws.com/",
  headers: ["content-type", "application/x-amz-json-1.0"],
  secretHeaders: [],
  body: Buffer.from("{}"),
  auth: null,
};
const KEYS: AwsAuth = {
  type: "aws",
  service: "sqs",
  region: "eu-central-1",
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "very-secret-key",
  sessionToken: null,
  role: null,
};
const ROLE: AwsAuth = {
  ...KEYS,
  role: {
    arn: "arn:aws:iam::123456789012:role/send",
    externalId: "external-1",
    stsUrl: "https://sts.eu-central-1.amazonaws.com/",
  },
};
const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
const googleFile = (tokenUrl: string): string =>
  JSON.stringify({
    type: "service_account",
    client_email: "sender@acme.iam.gserviceaccount.com",
    private_key: privateKey,
    token_uri: tokenUrl,
  });
const GOOGLE: KindAuth = {
  type: "google",
  credentialsJson: googleFile("https://oauth2.googleapis.com/token"),
  scope: "https://www.googleapis.com/auth/pubsub",
};

/** A token service with responses set by the test, and a clock. */
class Scene {
  now = 0;
  readonly sent: TokenRequest[] = [];
  readonly #pending: ((result: EgressResult) => void)[] = [];
  readonly authorizer = new CloudAuthorizer({
    monotonic: () => this.now,
    googleTokenUrls: ["http://127.0.0.1:1/token"],
  });
  #always: EgressResult | null = null;

  context(change: Partial<AuthContext> = {}): AuthContext {
    return {
      now: NOW,
      send: (request) => {
        this.sent.push(request);
        if (this.#always !== null) return Promise.resolve(this.#always);
        return new Promise((resolve) => this.#pending.push(resolve));
      },
      network: "",
      timeoutMs: 60_000,
      signal: new AbortController().signal,
      ...change,
    };
  }

  async authorize(auth: KindAuth, change: Partial<AuthContext> = {}): Promise<AuthResult> {
    return this.authorizer.authorize(REQUEST, auth, this.context(change));
  }

  always(result: EgressResult): void {
    this.#always = result;
  }

  /** Responds to the request that has waited longest. */
  async respond(result: EgressResult): Promise<void> {
    while (this.#pending.length === 0) await turn();
    this.#pending.shift()!(result);
  }
}

describe("keys of AWS", () => {
  it("sign the request without any other request", async () => {
    const scene = new Scene();
    const result = authorized(await scene.authorize(KEYS));
    expect(scene.sent).toEqual([]);
    expect(result.headers.slice(0, 2)).toEqual(REQUEST.headers);
    expect(header(result, "authorization")).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20261127\/eu-central-1\/sqs\//,
    );
    expect(result.secretHeaders).toEqual(["authorization", "x-amz-security-token"]);
  });

  it("sign by the clock of AWS after AWS has rejected the date", async () => {
    const { authorizer, authorize } = bound(new Scene());
    const theirs = NOW + 20 * 60_000;
    const refused = response(
      400,
      '{"__type":"InvalidSignatureException","message":"Signature expired: 20261127T120000Z is now earlier than 20261127T121500Z"}',
      {
        date: new Date(theirs).toUTCString(),
      },
    );
    expect(authorizer.isOutdated(REQUEST, KEYS, refused, NOW)).toBe(true);
    expect(header(authorized(await authorize(KEYS)), "x-amz-date")).toBe("20261127T122000Z");
    // If the difference is the same again, it is not the cause.
    expect(authorizer.isOutdated(REQUEST, KEYS, refused, NOW)).toBe(false);
  });

  it("take the time from the body of S3, whose date header a proxy may have set", () => {
    const { authorizer } = bound(new Scene());
    const body = `<?xml version="1.0"?><Error><Code>RequestTimeTooSkewed</Code><ServerTime>2026-11-27T12:30:00Z</ServerTime></Error>`;
    expect(authorizer.isOutdated(REQUEST, KEYS, response(403, body), NOW)).toBe(true);
  });

  it("are not tried again after other errors, or with a date that is almost right", () => {
    const { authorizer } = bound(new Scene());
    const date = { date: new Date(NOW + 1000).toUTCString() };
    expect(authorizer.isOutdated(REQUEST, KEYS, response(403, "AccessDenied", date), NOW)).toBe(false);
    expect(authorizer.isOutdated(REQUEST, KEYS, response(403, "RequestTimeTooSkewed", date), NOW)).toBe(false);
    expect(authorizer.isOutdated(REQUEST, KEYS, response(500, "RequestTimeTooSkewed", date), NOW)).toBe(false);
    expect(authorizer.isOutdated(REQUEST, KEYS, response(403, "RequestTimeTooSkewed"), NOW)).toBe(false);
  });
});

describe("roles of AWS", () => {
  it("are assumed with the external ID, by a request that the keys sign for the region", async () => {
    const scene = new Scene();
    scene.always(issued("ASIA1"));
    const result = authorized(await scene.authorize(ROLE));
    const [request] = scene.sent;
    expect(request).toMatchObject({ method: "POST", url: "https://sts.eu-central-1.amazonaws.com/" });
    expect(Object.fromEntries(new URLSearchParams(Buffer.from(request!.body!).toString()))).toEqual({
      Action: "AssumeRole",
      Version: "2011-06-15",
      RoleArn: "arn:aws:iam::123456789012:role/send",
      RoleSessionName: expect.stringMatching(/^posthorn-[0-9a-f]{12}$/) as string,
      DurationSeconds: "3600",
      ExternalId: "external-1",
    });
    expect(request!.headers.join(" ")).toContain("Credential=AKIDEXAMPLE/20261127/eu-central-1/sts/aws4_request");
    expect(header(result, "authorization")).toContain("Credential=ASIA1/");
    expect(header(result, "x-amz-security-token")).toBe("session-ASIA1");
  });

  it("are assumed once for all attempts, and again five minutes before the credentials expire", async () => {
    const scene = new Scene();
    scene.always(issued("ASIA1"));
    await Promise.all(Array.from({ length: 50 }, () => scene.authorize(ROLE)));
    scene.now = 55 * 60_000 - 1;
    await scene.authorize(ROLE);
    expect(scene.sent).toHaveLength(1);
    scene.now++;
    scene.always(issued("ASIA2"));
    expect(header(authorized(await scene.authorize(ROLE)), "authorization")).toContain("Credential=ASIA2/");
    expect(scene.sent).toHaveLength(2);
  });

  it("are assumed separately for other keys, roles, external IDs and regions", async () => {
    const scene = new Scene();
    scene.always(issued("ASIA1"));
    const role = ROLE.role!;
    const others: AwsAuth[] = [
      ROLE,
      { ...ROLE, secretAccessKey: "other" },
      { ...ROLE, region: "eu-west-1" },
      { ...ROLE, role: { ...role, arn: `${role.arn}2` } },
      { ...ROLE, role: { ...role, externalId: null } },
      { ...ROLE, role: { ...role, stsUrl: "https://sts.example.com/" } },
    ];
    for (const auth of others) await scene.authorize(auth);
    expect(scene.sent).toHaveLength(others.length);
  });

  it("are assumed again after AWS rejected the temporary credentials", async () => {
    const scene = new Scene();
    scene.always(issued("ASIA1"));
    await scene.authorize(ROLE);
    const expired = response(400, '{"__type":"com.amazon.coral.service#ExpiredTokenException"}');
    expect(scene.authorizer.isOutdated(REQUEST, ROLE, expired, NOW)).toBe(true);
    await scene.authorize(ROLE);
    expect(scene.sent).toHaveLength(2);
    const revoked = response(403, "<Error><Code>InvalidClientTokenId</Code></Error>");
    expect(scene.authorizer.isOutdated(REQUEST, ROLE, revoked, NOW)).toBe(true);
    expect(scene.authorizer.isOutdated(REQUEST, ROLE, revoked, NOW)).toBe(false);
    expect(scene.authorizer.isOutdated(REQUEST, KEYS, expired, NOW)).toBe(false);
  });

  it.each([
    ["AccessDenied", 403, "closed", "credentials_refused", /trust policy/],
    ["InvalidClientTokenId", 403, "closed", "credentials_refused", /access key ID/],
    ["RegionDisabledException", 403, "closed", "credentials_refused", /Activate STS/],
    ["ValidationError", 400, "closed", "credentials_refused", /role ARN/],
    ["Throttling", 400, "retry", "target_unavailable", /try again/],
    ["InternalFailure", 500, "retry", "target_unavailable", /try again/],
  ])(
    "report %s with advice, and without a secret that the service repeats",
    async (code, status, kind, error, advice) => {
      const scene = new Scene();
      const message = "User very-secret-key with external-1 &amp; more";
      scene.always(
        egress(
          status,
          `<ErrorResponse><Error><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
        ),
      );
      const result = await scene.authorize(ROLE);
      expect(result).toMatchObject({ kind, code: error, sentence: expect.stringMatching(advice) as string });
      expect(result).toMatchObject({
        sentence: expect.stringContaining(`AWS STS: ${code} (User *** with *** & more).`) as string,
      });
    },
  );

  it("are requested once every five seconds while they are rejected, and at once after a temporary failure", async () => {
    const scene = new Scene();
    scene.always(egress(403, "<Error><Code>AccessDenied</Code></Error>"));
    for (let index = 0; index < 10; index++) await scene.authorize(ROLE);
    expect(scene.sent).toHaveLength(1);
    scene.now += 5000;
    scene.always(egress(500, ""));
    await scene.authorize(ROLE);
    await scene.authorize(ROLE);
    expect(scene.sent).toHaveLength(3);
  });

  it("are assumed by the clock of AWS if it rejects the date", async () => {
    const scene = new Scene();
    const result = scene.authorize(ROLE);
    const date = new Date(NOW + 3_600_000).toUTCString();
    const message = "Signature expired: 20261127T120000Z is now earlier than 20261127T124500Z";
    await scene.respond(
      egress(403, `<Error><Code>SignatureDoesNotMatch</Code><Message>${message}</Message></Error>`, ["Date", date]),
    );
    await scene.respond(issued("ASIA1", NOW + 2 * 3_600_000));
    authorized(await result);
    expect(scene.sent[1]!.headers.join(" ")).toContain("20261127T130000Z");
  });

  it.each([
    ["nothing", ""],
    ["a page", "<html><body>Sign in</body></html>"],
    ["deeply nested elements", "<a>".repeat(20_000)],
    ["an element that never ends", `<AccessKeyId>${"<AccessKeyId>".repeat(4000)}`],
  ])("are reported as unavailable if the service responds with %s", async (_, body) => {
    const scene = new Scene();
    scene.always(egress(200, body));
    expect(await scene.authorize(ROLE)).toMatchObject({ kind: "retry", code: "target_unavailable" });
  });
});

describe("service accounts of Google", () => {
  it("send one access token with all requests, and get another after a 401", async () => {
    const scene = new Scene();
    scene.always(egress(200, '{"access_token":"ya29.one....","expires_in":3599,"token_type":"Bearer"}'));
    const [first] = await Promise.all(Array.from({ length: 20 }, () => scene.authorize(GOOGLE)));
    expect(header(authorized(first!), "authorization")).toBe("Bearer ya29.one....");
    expect(scene.sent).toHaveLength(1);
    expect(scene.authorizer.isOutdated(REQUEST, GOOGLE, response(401, ""), NOW)).toBe(true);
    expect(scene.authorizer.isOutdated(REQUEST, GOOGLE, response(401, ""), NOW)).toBe(false);
    await scene.authorize(GOOGLE);
    expect(scene.sent).toHaveLength(2);
  });

  it("send nothing to a token service that neither belongs to Google nor is allowed by the operator", async () => {
    const scene = new Scene();
    const foreign = { ...GOOGLE, credentialsJson: googleFile("https://token.example.com/") };
    expect(await scene.authorize(foreign)).toMatchObject({ kind: "closed", code: "credentials_refused" });
    expect(scene.sent).toEqual([]);
    const allowed = { ...GOOGLE, credentialsJson: googleFile("http://127.0.0.1:1/token") };
    scene.always(egress(200, '{"access_token":"token","expires_in":3599}'));
    authorized(await scene.authorize(allowed));
  });

  it("report an error with Google's message, and without the assertion", async () => {
    const scene = new Scene();
    const result = scene.authorize(GOOGLE);
    while (scene.sent.length === 0) await turn();
    const assertion = new URLSearchParams(Buffer.from(scene.sent[0]!.body!).toString()).get("assertion")!;
    await scene.respond(
      egress(400, JSON.stringify({ error: "invalid_grant", error_description: `Invalid JWT: ${assertion}` })),
    );
    expect(await result).toMatchObject({
      kind: "closed",
      code: "credentials_refused",
      sentence: expect.stringMatching(
        /^Google's token service: invalid_grant \(Invalid JWT: \*\*\*\)\. Check/,
      ) as string,
    });
  });
});

describe("attempts that wait for the same token", () => {
  it("stop waiting when they are canceled, and the others get the token", async () => {
    const scene = new Scene();
    const abort = new AbortController();
    const first = scene.authorize(ROLE);
    const second = scene.authorize(ROLE, { signal: abort.signal });
    abort.abort();
    expect(await second).toMatchObject({ kind: "unreachable", failure: { fault: "canceled" } });
    await scene.respond(issued("ASIA1"));
    authorized(await first);
    expect(scene.sent).toHaveLength(1);
  });

  it("stop waiting at their own deadline", async () => {
    const scene = new Scene();
    void scene.authorize(ROLE);
    // The clock of the test passes the deadline while the timer runs.
    const second = scene.authorize(ROLE, { timeoutMs: 5 });
    scene.now = 6;
    expect(await second).toMatchObject({ kind: "retry", code: "target_unavailable" });
  });

  it.each(["canceled", "timeout"] as const)("send their own request if the first one ends as %s", async (code) => {
    const scene = new Scene();
    const first = scene.authorize(ROLE);
    const second = scene.authorize(ROLE);
    await scene.respond(failure(code));
    expect(await first).toMatchObject({ kind: "unreachable", failure: { code } });
    await scene.respond(issued("ASIA1"));
    authorized(await second);
  });

  it("share a token, but no request for one, if their address rules or proxies differ", async () => {
    const scene = new Scene();
    const first = scene.authorize(ROLE, { network: "one" });
    const second = scene.authorize(ROLE, { network: "two" });
    await scene.respond(failure("blocked_address"));
    expect(await first).toMatchObject({ kind: "unreachable", failure: { code: "blocked_address" } });
    await scene.respond(issued("ASIA1"));
    authorized(await second);
    authorized(await scene.authorize(ROLE, { network: "one" }));
    expect(scene.sent).toHaveLength(2);
  });
});

function bound(scene: Scene): { authorizer: CloudAuthorizer; authorize: Scene["authorize"] } {
  return { authorizer: scene.authorizer, authorize: (auth) => scene.authorize(auth) };
}

function authorized(result: AuthResult): Extract<AuthResult, { kind: "authorized" }> {
  expect(result).toMatchObject({ kind: "authorized" });
  return result as Extract<AuthResult, { kind: "authorized" }>;
}

function header({ headers }: { readonly headers: readonly string[] }, name: string): string | undefined {
  const at = headers.indexOf(name);
  return at === -1 ? undefined : headers[at + 1];
}

function egress(status: number, body: string, headers: readonly string[] = []): EgressResult {
  return {
    kind: "response",
    status,
    headers,
    body: Buffer.from(body),
    truncated: false,
    timings: REQUEST_TIMINGS,
    peer: null,
  };
}

function failure(code: EgressFailure["code"]): EgressFailure {
  const fault = code === "canceled" ? "canceled" : code === "timeout" ? "target" : "refused";
  return { kind: "error", code, fault, message: "A sentence.", detail: "", timings: REQUEST_TIMINGS, peer: null };
}

function issued(accessKeyId: string, expiration = NOW + 3_600_000): EgressResult {
  return egress(
    200,
    `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>` +
      `<SessionToken>session-${accessKeyId}</SessionToken><Expiration>${new Date(expiration).toISOString()}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
  );
}

function response(status: number, body: string, headers: Record<string, string> = {}): KindResponse {
  return { status, headers, body: Buffer.from(body) };
}
