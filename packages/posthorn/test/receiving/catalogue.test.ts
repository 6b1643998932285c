/** Every provider of the catalogue over HTTP: a source created from the fields of `source-type` accepts a signed delivery. */
import type { WebhookRequest } from "@posthorn/webhooks";
import { signProvider } from "@posthorn/webhooks/testing";
import type { KeyInput } from "@posthorn/webhooks/provider";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NOW, type Sample, samples } from "../../../webhooks/test/providers/samples.ts";
import { definitionOf, listSourceTypes } from "../../src/domain/source/kind.ts";
import { TestGateway } from "../support/gateway.ts";
import { type Internet, startInternet } from "../support/internet.ts";
import { ShiftedClock } from "../support/shifted-clock.ts";

interface SourceType {
  readonly type: string;
  readonly secretField: "secrets" | "publicKeys";
  readonly config: Readonly<Record<string, string>>;
}

/** Providers without authentication: there is nothing to sign with. */
const UNSIGNED: readonly string[] = [];

const BODY = JSON.stringify({ note: "text" });
let gateway: TestGateway;
let internet: Internet;
let clock: ShiftedClock;
let types: ReadonlyMap<string, SourceType>;
/** The current content of every URL. */
let published = "";
beforeAll(async () => {
  internet = await startInternet(() => published);
  clock = new ShiftedClock(NOW);
  gateway = await TestGateway.start({}, { clock, egress: internet.egress });
  const { json } = await gateway.call("GET", "ingest/api/v1/source-type");
  types = new Map((json["data"] as SourceType[]).map((one) => [one.type, one]));
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await internet[Symbol.asyncDispose]();
});

interface Case {
  readonly type: string;
  /** `null`: it has no scheme. */
  readonly sample: Sample | null;
}

/** Every scheme of every provider, and none for those without authentication. */
const cases = listSourceTypes().flatMap(({ type, definition }): readonly Case[] => {
  const known = samples.filter((sample) => sample.definition.id === type);
  const schemes = known.length > 0 ? known : definition.schemes.map((scheme) => sampleOf(type, scheme));
  return schemes.length === 0 ? [{ type, sample: null }] : schemes.map((sample) => ({ type, sample }));
});

/** A service outside the catalogue: all of them accept any text as a secret. */
function sampleOf(type: string, scheme: Sample["scheme"]): Sample {
  return {
    definition: definitionOf(type, null)!,
    scheme,
    secret: "a secret of some length 1",
    otherSecret: "",
    config: {},
    method: "POST",
    headers: { "content-type": "application/json" },
    body: () => BODY,
  };
}

/** The fields of a source with one key or secret, in the field that `source-type` names. */
function fieldsFor(type: string, { secret, publicKey, config: given }: Sample): object {
  const { secretField, config } = types.get(type)!;
  const key = secretField === "publicKeys" ? textOf(publicKey!) : secret;
  published = typeof publicKey === "string" ? publicKey : JSON.stringify({ keys: [{ ...publicKey }] });
  const settings = Object.entries(given).filter(([name]) => Object.hasOwn(config, name));
  return { type, [secretField]: [key], config: Object.fromEntries(settings) };
}

function textOf(key: KeyInput): string {
  return typeof key === "string" ? key : JSON.stringify(key);
}

async function requestFor(sample: Sample | null, url: string): Promise<WebhookRequest> {
  const plain = { url, method: "POST", headers: { "content-type": "application/json" }, body: Buffer.from(BODY) };
  if (sample === null) return plain;
  const { definition, scheme, privateKey, certificates, body, method, headers, secret, config } = sample;
  return signProvider(definition, {
    method,
    headers,
    secret,
    config,
    url,
    scheme: scheme.name,
    body: body("text"),
    now: () => NOW,
    ...(privateKey === undefined ? {} : { privateKey }),
    ...(certificates === undefined ? {} : { certificates }),
  });
}

/** The result of a signed delivery: `stored`, or a description of the problem. */
async function fateOf(type: string, sample: Sample | null): Promise<string> {
  const source = await gateway.source(sample === null ? { type } : fieldsFor(type, sample), false);
  // Some signatures are valid for seconds.
  clock.set(NOW);
  const request = await requestFor(sample, source.url);
  const response = await fetch(request.url, {
    method: request.method,
    headers: request.headers as Record<string, string>,
    body: Buffer.from(request.body),
  });
  const stored = await gateway.messages(source);
  if (response.ok && stored.length === 1) return "stored";
  const kept = response.status < 500 && !response.ok ? JSON.stringify(await gateway.quarantine(source)) : "";
  return `${response.status} ${await response.text()} ${stored.length} ${kept}`;
}

describe("a source of a provider that only has public keys", () => {
  it.each(["plaid", "apple-appstore"])(
    "%s also accepts the key as a secret, and rejects an invalid one",
    async (type) => {
      const { publicKey } = samples.find(({ definition }) => definition.id === type)!;
      expect(types.get(type)).toMatchObject({ secretField: "publicKeys" });
      const made = await gateway.call("POST", "ingest/api/v1/source", {
        name: "Key",
        type,
        secrets: [textOf(publicKey!)],
      });
      expect(made.json["publicKeys"]).toEqual([textOf(publicKey!)]);
      for (const field of ["secrets", "publicKeys"]) {
        const refused = await gateway.call("POST", "ingest/api/v1/source", { name: "Key", type, [field]: ["s3cret"] });
        expect([refused.status, refused.text]).toEqual([422, expect.stringContaining("publicKeys")]);
      }
    },
  );
});

describe("a source created from the fields of source-type", () => {
  it("exists for every provider, and these are the ones without authentication", () => {
    expect(new Set(cases.map(({ type }) => type))).toEqual(new Set(types.keys()));
    expect(cases.filter(({ sample }) => sample === null).map(({ type }) => type)).toEqual(UNSIGNED);
  });

  it("stores a delivery of every provider, signed by each of its schemes", async () => {
    const wrong: string[] = [];
    for (const { type, sample } of cases) {
      const fate = await fateOf(type, sample).catch((error: unknown) => String(error));
      if (fate !== "stored") wrong.push(`${type} (${sample?.scheme.name ?? "unsigned"}): ${fate}`);
    }
    expect(wrong).toEqual([]);
  });
});
