/** Signed test requests to a source of every type: the source verifies them, or a 409 says why there is none. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { NOW, samples } from "../../../webhooks/test/providers/samples.ts";
import { definitionOf, SOURCE_TYPES } from "../../src/domain/source/kind.ts";
import { TestGateway } from "../support/gateway.ts";
import { type Internet, startInternet } from "../support/internet.ts";
import { ShiftedClock } from "../support/shifted-clock.ts";

/** Types of providers that sign with a private key of theirs. */
const ONLY_PROVIDER_SIGNS: ReadonlySet<string> = new Set([
  "apple-appstore",
  "aws-sns",
  "discord",
  "google-pubsub",
  "paddle-classic",
  "paypal",
  "plaid",

  "sendgrid",
  "telnyx",
  "travis-ci",
]);

/** Types whose requests cannot be verified without a setting, by that setting. */
const NEEDS_SETTING: Readonly<Record<string, string>> = { braintree: "publicKey" };

interface Listed {
  readonly type: string;
  readonly secretField: "secrets" | "publicKeys";
  readonly config: Readonly<Record<string, string>>;
}

let gateway: TestGateway;
let internet: Internet;
let listed: ReadonlyMap<string, Listed>;
beforeAll(async () => {
  internet = await startInternet(() => "");
  gateway = await TestGateway.start({}, { clock: new ShiftedClock(NOW), egress: internet.egress });
  const { json } = await gateway.call("GET", "ingest/api/v1/source-type");
  listed = new Map((json["data"] as Listed[]).map((one) => [one.type, one]));
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await internet[Symbol.asyncDispose]();
});

interface Case {
  readonly type: string;
  readonly scheme: string;
  readonly key: Readonly<Record<"secrets" | "publicKeys", string>>;
  readonly config: Readonly<Record<string, string>>;
}

/** Every type that a source can have, with a secret for each scheme of its provider. */
const CASES: readonly Case[] = SOURCE_TYPES.flatMap((type): readonly Case[] => {
  const { id } = definitionOf(type, null)!;
  const known = samples.filter(({ definition }) => definition.id === id);
  if (known.length === 0) return [{ type, scheme: "any", key: { secrets: "s3cret", publicKeys: "" }, config: {} }];
  return known.map(({ scheme, secret, publicKey = "", config }) => ({
    type,
    scheme: scheme.name,
    key: { secrets: secret, publicKeys: typeof publicKey === "string" ? publicKey : JSON.stringify(publicKey) },
    config: config as Case["config"],
  }));
});

interface Result {
  readonly status: number;
  readonly code: unknown;
  readonly detail: unknown;
  /** How far the source trusts the event that it stored. */
  readonly trust: unknown;
}

async function testOf({ type, key }: Case, config: Case["config"]): Promise<Result> {
  const entry = listed.get(type) ?? listed.get(definitionOf(type, null)!.id);
  const field = entry?.secretField ?? "secrets";
  const known = Object.entries(config).filter(([name]) => Object.hasOwn(entry?.config ?? {}, name));
  const { id } = await gateway.source({ type, [field]: [key[field]], config: Object.fromEntries(known) }, false);
  const { status, json } = await gateway.call("POST", `ingest/api/v1/source/${id}/test`);
  const stored = await gateway.call("GET", `ingest/api/v1/source/${id}/event`);
  const [event] = stored.json["data"] as { readonly trust: string }[];
  return { status: Number(json["status"] ?? status), code: json["code"], detail: json["detail"], trust: event?.trust };
}

/** The problem with a result, or `null`. */
function problemOf(one: Case, { status, code, detail, trust }: Result): string | null {
  const found = `${one.type} (${one.scheme}): ${status} ${String(code)} ${String(detail)}, stored as ${String(trust)}`;
  if (ONLY_PROVIDER_SIGNS.has(one.type)) {
    const explains = String(detail).includes("Send a test event from");
    return status === 409 && code === "signing_key_unavailable" && explains && trust === undefined ? null : found;
  }
  const isVerified = trust === "signed" || trust === "shared-secret";
  return status >= 200 && status < 300 && isVerified ? null : found;
}

/** As {@link problemOf}, for a source that lacks a setting. */
function problemWithoutSetting(
  { type }: Case,
  setting: string,
  { status, code, detail, trust }: Result,
): string | null {
  const names = String(detail).includes(`config.${setting} `);
  const isRefused = status === 409 && code === "source_setting_missing" && names && trust === undefined;
  return isRefused ? null : `${type}: ${status} ${String(code)} ${String(detail)}, stored as ${String(trust)}`;
}

it("is verified by a source of every type, for each of its schemes, unless only the provider can sign", async () => {
  const problems: (string | null)[] = [];
  for (const one of CASES) problems.push(problemOf(one, await testOf(one, one.config)));
  expect(problems.filter((problem) => problem !== null)).toEqual([]);
}, 180_000);

it("is verified without the settings of the provider, or refused with the name of the missing one", async () => {
  const problems: (string | null)[] = [];
  for (const one of CASES.filter(({ type }) => Object.keys(listed.get(type)?.config ?? {}).length > 0)) {
    const result = await testOf(one, {});
    const setting = NEEDS_SETTING[one.type];
    problems.push(setting === undefined ? problemOf(one, result) : problemWithoutSetting(one, setting, result));
  }
  expect(problems.filter((problem) => problem !== null)).toEqual([]);
}, 180_000);

it("is refused with a reason for a secret in the wrong form", async () => {
  const { id } = await gateway.source({ type: "adyen", secrets: ["not hexadecimal"] }, false);
  const { status, json } = await gateway.call("POST", `ingest/api/v1/source/${id}/test`);
  expect([status, json]).toMatchObject([409, { code: "source_secret_invalid" }]);
});
