/** Every request and handshake of `vectors/providers.json` through a source URL of a running server, at the time it was made for. */
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestGateway, type TestSource } from "../support/gateway.ts";
import { type Internet, startInternet } from "../support/internet.ts";
import { ShiftedClock } from "../support/shifted-clock.ts";

interface Vector {
  readonly id: string;
  readonly provider: string;
  readonly variant: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Base64. */
  readonly body: string;
  readonly secrets: readonly string[];
  readonly publicKeys?: readonly string[];
  readonly config?: Readonly<Record<string, string>> | null;
}

interface RequestVector extends Vector {
  readonly timeMs: number;
  readonly expectValid: boolean;
}

interface HandshakeVector extends Vector {
  readonly expectAction?: string;
  readonly expectResponse: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly bodyText?: string;
    readonly bodyJson?: object;
  };
}

const FILE = new URL("../../../../vectors/providers.json", import.meta.url);
const { vectors, handshakes } = JSON.parse(readFileSync(FILE, "utf8")) as {
  readonly vectors: readonly RequestVector[];
  readonly handshakes: readonly HandshakeVector[];
};

/** Handshake vectors have no time: all were created for this one. */
const HANDSHAKE_TIME = Date.parse("2026-01-15T12:00:00Z");
/** Providers whose requests name the URL of a certificate: it is fetched from there, not configured. */
const CERTIFICATE_BY_ADDRESS = new Set(["aws-sns", "paypal"]);
/** Providers that sign with a private key and publish the public one. */
const ASYMMETRIC = new Set(["discord", "paddle-classic", "sendgrid", "telnyx", "travis-ci"]);
/** Settings of the receivers for which the vectors were made, which sources do not have. */
const FOREIGN_SETTINGS = new Set(["signingCertURLServes", "certHostSuffix"]);
const otherKey = generateKeyPairSync("rsa", { modulusLength: 2048 })
  .publicKey.export({ type: "spki", format: "pem" })
  .toString();

let gateway: TestGateway;
let clock: ShiftedClock;
let internet: Internet;
/** The current certificate at every URL. */
let signer = "";
beforeAll(async () => {
  clock = new ShiftedClock(HANDSHAKE_TIME);
  internet = await startInternet((url) =>
    url.endsWith("-bad.pem") ? otherKey : (certificateOf(signer) ?? "confirmed"),
  );
  gateway = await TestGateway.start({}, { clock, egress: internet.egress });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await internet[Symbol.asyncDispose]();
});

function certificateOf(provider: string): string | undefined {
  return vectors.find((vector) => vector.provider === provider && vector.publicKeys !== undefined)?.publicKeys?.[0];
}

/** A source configured like the receiver of this vector. */
async function sourceFor(vector: Vector): Promise<TestSource> {
  const { provider: type, secrets, url, config } = vector;
  signer = type;
  const given = Object.entries(config ?? {}).filter(([name]) => !FOREIGN_SETTINGS.has(name));
  // The vectors were made for a different public URL than that of this server.
  const settings: Record<string, string> = { url, ...Object.fromEntries(given) };
  const publicKeys = CERTIFICATE_BY_ADDRESS.has(type) ? [] : (vector.publicKeys ?? []);
  const fields = { name: vector.id, type, secrets, publicKeys, allowUnsigned: true, methods: ["POST", "GET"] };
  const source = await gateway.source({ ...fields, config: settings }, false);
  if (settings["baseUrl"] !== undefined) {
    const bound = { ...fields, config: { ...settings, baseUrl: source.url } };
    await gateway.call("PUT", `ingest/api/v1/source/${source.id}`, bound);
  }
  return source;
}

interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Sends the vector unchanged: its headers in their case, its bytes, its query. */
function deliver(source: TestSource, { method, url, headers, body, config }: Vector): Promise<ApiResponse> {
  const { pathname, search } = new URL(url);
  // Path that the provider appends to the given URL.
  const path = config?.["baseUrl"] === undefined ? "" : pathname;
  const target = new URL(source.url + path + search);
  const bytes = Buffer.from(body, "base64");
  const given = Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== "content-length"));
  return new Promise((resolve, reject) => {
    const outgoing = request(target, { method, headers: { ...given, "content-length": bytes.length } }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => {
        resolve({ status: incoming.statusCode!, headers: incoming.headers, text: Buffer.concat(chunks).toString() });
      });
    });
    outgoing.once("error", reject);
    outgoing.end(bytes);
  });
}

/** The result of a request in one word. */
async function fateOf(vector: RequestVector): Promise<string> {
  clock.set(vector.timeMs);
  const source = await sourceFor(vector);
  const confirmed = internet.asked.length;
  const { status } = await deliver(source, vector);
  const isSuccess = status >= 200 && status < 300;
  const stored = await gateway.messages(source);
  if (stored.length > 0) return isSuccess && stored.length === 1 ? "stored" : `${status}, ${stored.length} stored`;
  if (isSuccess && internet.asked.slice(confirmed).some((url) => url.includes("ConfirmSubscription")))
    return "confirmed";
  // WebSub requires 2xx even for requests that do not verify.
  const [kept] = await gateway.quarantine(source);
  return typeof kept!["reason"] === "string" ? "quarantined" : "kept without a reason";
}

function wantedOf({ expectValid, variant }: RequestVector): "stored" | "confirmed" | "quarantined" {
  if (!expectValid) return "quarantined";
  return variant.startsWith("subscription-confirmation") ? "confirmed" : "stored";
}

/** Vectors that can be sent at once: made at one time, for one provider, because the test has one clock and serves one certificate. */
function concurrentGroups(): readonly (readonly RequestVector[])[] {
  const groups = Object.groupBy(vectors, ({ timeMs, provider }) => `${timeMs}/${provider}`);
  return Object.values(groups)
    .map((group) => group!)
    .toSorted(([one], [other]) => one!.timeMs - other!.timeMs);
}

describe("request vectors", () => {
  it("are stored when they verify, and quarantined when they do not", { timeout: 600_000 }, async () => {
    const wrong: string[] = [];
    const counts = { stored: 0, confirmed: 0, quarantined: 0 };
    for (const group of concurrentGroups()) {
      const fates = await Promise.all(group.map(fateOf));
      for (const [index, vector] of group.entries()) {
        const [fate, wanted] = [fates[index]!, wantedOf(vector)];
        if (fate === wanted) counts[wanted] += 1;
        else wrong.push(`${vector.id}: ${fate}, not ${wanted}`);
      }
    }
    expect(wrong).toEqual([]);
    const valid = vectors.filter(({ expectValid }) => expectValid).length;
    expect(counts).toEqual({ stored: valid - 1, confirmed: 1, quarantined: vectors.length - valid });
    expect(vectors).toHaveLength(665);
  });
});

describe("a provider that signs with a private key", () => {
  const valid = vectors.filter(({ expectValid, publicKeys }) => expectValid && publicKeys !== undefined);
  const providers = [...new Set(valid.map(({ provider }) => provider))].filter((type) => ASYMMETRIC.has(type));

  it("is one of the known ones", () => {
    expect(providers.toSorted()).toEqual([...ASYMMETRIC]);
  });

  it.each(providers)(
    "%s verifies with the public key given as a secret, wherever `source-type` requires one",
    async (type) => {
      const { json } = await gateway.call("GET", "ingest/api/v1/source-type");
      const known = (json["data"] as { type: string; secretField: string }[]).find((one) => one.type === type);
      expect(known).toMatchObject({ secretField: "publicKeys" });
      const vector = valid.find(({ provider }) => provider === type)!;
      expect(await fateOf({ ...vector, secrets: vector.publicKeys!, publicKeys: [] })).toBe("stored");
      expect(await fateOf({ ...vector, secrets: [] })).toBe("stored");
    },
  );

  it.each(["discord", "sendgrid"])("%s rejects an invalid key, and a secret in addition to the key", async (type) => {
    for (const field of [{ secrets: ["not a key"] }, { publicKeys: ["not a key"] }]) {
      const body = { name: "wrong key", type, ...field };
      const refused = await gateway.call("POST", "ingest/api/v1/source", body);
      expect([refused.status, refused.text]).toEqual([422, expect.stringContaining("publicKeys")]);
    }
    const source = await gateway.source({ type, config: {} }, false);
    const added = await gateway.call("POST", `ingest/api/v1/source/${source.id}/secret`, { secret: "s3cret" });
    expect([added.status, added.text]).toEqual([422, expect.stringContaining("publicKeys")]);
  });
});

describe("handshake vectors", () => {
  it.each(handshakes)("$id gets the response that the provider expects, over HTTP", async (vector) => {
    clock.set(HANDSHAKE_TIME);
    const source = await sourceFor(vector);
    const { status, headers, text } = await deliver(source, vector);
    const wanted = vector.expectResponse;
    expect({ status, headers, text }).toMatchObject({
      status: wanted.status,
      headers: lowerCase(wanted.headers ?? {}),
      ...(wanted.bodyText === undefined || vector.method === "HEAD" ? {} : { text: wanted.bodyText }),
    });
    expect(wanted.bodyJson === undefined ? {} : (JSON.parse(text) as object)).toMatchObject(wanted.bodyJson ?? {});
    expect(handshakes).toHaveLength(31);
  });
});

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
