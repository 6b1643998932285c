/** Prepared events: each verifies as one of its provider, with the event type and the ID that Posthorn reads from it. */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, type ProviderDefinition, tryVerifyProvider } from "@posthorn/webhooks/provider";
import { findProvider, providers } from "@posthorn/webhooks/providers";
import { signProvider } from "@posthorn/webhooks/testing";
import { expect, it } from "vitest";
import { allEvents } from "../../ingest/prepared-events/index.ts";
import { type Fixture, textOfFixture, Values } from "../../ingest/prepared-events/values.ts";

const NOW = Date.parse("2026-02-03T04:05:06.789Z");
const URL_OF_RECEIVER = "https://receiver.example.com/hooks";
/** Secrets in the formats of the providers. */
const SECRETS = [
  "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  "user:password",
  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
  "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
  "s3cret",
];

/** Settings that signatures cover. */
const SETTINGS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.values(providers).flatMap(({ config = {} }) =>
      Object.keys(config).flatMap((name) => (/url$/i.test(name) ? [[name, URL_OF_RECEIVER]] : [])),
    ),
  ),
  audience: URL_OF_RECEIVER,
  webhookId: "WH-1",
  serviceAccount: "sender@example.iam.gserviceaccount.com",
  publicKey: "public-key",
};

interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const PAIRS: readonly Pair[] = [
  generateKeyPairSync("ed25519"),
  generateKeyPairSync("ec", { namedCurve: "P-256" }),
  generateKeyPairSync("rsa", { modulusLength: 2048 }),
];

/** A secret, or a private key with its public key in one of the formats in which providers show it. */
interface Keys {
  readonly sign: { readonly secret: string } | { readonly privateKey: string };
  readonly verify: { readonly secrets: readonly string[] } | { readonly publicKeys: readonly string[] };
}

const KEYS: readonly Keys[] = [
  ...SECRETS.map((secret) => ({ sign: { secret }, verify: { secrets: [secret] } })),
  ...PAIRS.flatMap(({ publicKey, privateKey }) => {
    const sign = { privateKey: privateKey.export({ type: "pkcs8", format: "pem" }) as string };
    return formsOf(publicKey).map((key) => ({ sign, verify: { publicKeys: [key] } }));
  }),
];

function formsOf(key: KeyObject): readonly string[] {
  const jwk = key.export({ format: "jwk" });
  const raw = jwk.kty === "OKP" ? [Buffer.from(jwk.x!, "base64url").toString("base64")] : [];
  return [...raw, JSON.stringify(jwk), key.export({ type: "spki", format: "pem" }) as string];
}

const events = Object.entries(await allEvents()).flatMap(([provider, names]) =>
  Object.entries(names).map(([event, make]) => ({ provider, event, make })),
);

/** What a receiver reads from the event, once it verifies with one of the schemes. Throws with the reasons if it does not. */
async function received(definition: ProviderDefinition, fixture: Fixture) {
  const config = Object.fromEntries(
    Object.keys(definition.config ?? {}).flatMap((name) =>
      SETTINGS[name] === undefined ? [] : [[name, SETTINGS[name]]],
    ),
  );
  const { headers } = fixture;
  const options = { url: URL_OF_RECEIVER, headers, body: textOfFixture(fixture), now: () => NOW, config };
  const problems = new Set<string>();
  for (const { name } of definition.schemes) {
    for (const { sign, verify } of KEYS) {
      try {
        const scheme = name === undefined ? {} : { scheme: name };
        const request = await signProvider(definition, { ...options, ...scheme, ...sign });
        const result = await tryVerifyProvider(definition, request, { ...verify, config, now: () => NOW });
        if (!result.ok) throw result.error;
        const { type, id } = describe(definition, request);
        return { type, hasId: id !== undefined && id !== "" };
      } catch (error) {
        problems.add(`${name}: ${String(error)}`);
      }
    }
  }
  throw new Error([...problems].join("\n"));
}

it.each(events)("$provider $event verifies and is recognised", async ({ provider, event, make }) => {
  const definition = findProvider(provider)!;
  const { event: typed, delivery } = definition;
  const type = typed === undefined || WITHOUT_TYPE.has(provider) ? undefined : (TYPES[provider] ?? event);
  const hasId = delivery !== undefined && !WITHOUT_ID.has(provider);
  const found = await received(definition, make(new Values(new Date(NOW))));
  expect(found).toEqual({ type: type ?? found.type, hasId: hasId || found.hasId });
});

/** Providers whose event type is not the name of the prepared event. */
const TYPES: Readonly<Record<string, string>> = { gitlab: "Push Hook" };

/** Providers that send a type only in handshakes, or never. */
const WITHOUT_TYPE: ReadonlySet<string> = new Set(["aws-iot", "websub"]);
/** Providers that send an ID only in another format of the same event. */
const WITHOUT_ID: ReadonlySet<string> = new Set(["harbor", "discord"]);

it("has an event of each provider in the catalogue, with new IDs each time", () => {
  const now = new Values(new Date(NOW));
  const again = events.filter(({ make }) => JSON.stringify(make(now)) === JSON.stringify(make(now)));
  expect(again.map(({ provider, event }) => `${provider} ${event}`)).toEqual([]);
  const known = Object.values(providers).map(({ id }) => id);
  const prepared = new Set(events.map(({ provider }) => provider));
  expect([...prepared].filter((provider) => !known.includes(provider))).toEqual([]);
  // Apple signs with a certificate chain that a test cannot obtain.
  expect(known.filter((provider) => !prepared.has(provider))).toEqual(["apple-appstore"]);
});
