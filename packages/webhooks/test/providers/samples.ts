import { generateKeyPairSync, type KeyObject } from "node:crypto";
import type { KeyInput } from "../../src/provider/keys.ts";
import type { ProviderConfig, ProviderDefinition, Scheme } from "../../src/provider/types.ts";
import { providers } from "../../src/providers/index.ts";
import { makeChain, pem } from "./certificates.ts";

/** Input for signing and verifying with one scheme of one provider. */
export interface Sample {
  readonly definition: ProviderDefinition;
  readonly scheme: Scheme;
  readonly secret: string;
  /** A wrong secret in the same format. */
  readonly otherSecret: string;
  readonly privateKey?: string;
  readonly publicKey?: KeyInput;
  readonly otherPublicKey?: KeyInput;
  readonly certificates?: readonly string[];
  readonly config: ProviderConfig;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Wraps arbitrary text into a body in the format that the scheme requires. */
  readonly body: (text: string) => string;
}

export const NOW: number = Date.parse("2026-03-01T12:00:00Z");

const rsa = twoKeys(() => generateKeyPairSync("rsa", { modulusLength: 2048 }));
const ec = twoKeys(() => generateKeyPairSync("ec", { namedCurve: "P-256" }));
const ed = twoKeys(() => generateKeyPairSync("ed25519"));
const apple = makeChain();

/** Providers that need a special secret or body. */
const OVERRIDES: Readonly<Record<string, Partial<Sample>>> = {
  "apple-appstore": {
    privateKey: pem(apple.leaf.privateKey),
    publicKey: apple.root.base64,
    otherPublicKey: makeChain().root.base64,
    certificates: apple.x5c,
    body: (text) => JSON.stringify({ notificationType: "TEST", note: text }),
  },
  "aws-sns": { ...keys(rsa), body: (text) => JSON.stringify({ Message: text }) },
  adyen: hexSecret({ body: (text) => JSON.stringify({ notificationItems: [adyenItem(text), adyenItem("b")] }) }),
  braintree: { config: { publicKey: "public" } },
  discord: { ...keys(ed), publicKey: rawHex(ed[0]), otherPublicKey: rawHex(ed[1]) },
  figma: { body: (text) => JSON.stringify({ note: text }) },
  "google-pubsub": { ...jwks(rsa), config: { audience: "a", serviceAccount: "s@example.com" } },
  grafana: { config: { timestampHeader: "X-Time" } },
  linear: { body: (text) => JSON.stringify({ webhookTimestamp: NOW, note: text }) },
  mandrill: form("mandrill_events"),
  "microsoft-graph": { body: (text) => JSON.stringify({ value: [{ resource: text }] }) },
  "microsoft-teams": { secret: "c2VjcmV0LW9uZQ==", otherSecret: "c2VjcmV0LXR3bw==" },
  "paddle-classic": { ...keys(rsa), ...form("alert_name") },
  paypal: { ...keys(rsa), config: { webhookId: "1JE4291016473214C" } },
  plaid: jwks(ec),
  sendgrid: keys(ec),
  telnyx: { ...keys(ed), publicKey: rawBase64(ed[0]), otherPublicKey: rawBase64(ed[1]) },
  "travis-ci": { ...keys(rsa), ...form("payload") },
  twilio: { config: { url: "https://example.com/webhooks?bodySHA256=" } },
  hubspot: { headers: { "x-hubspot-signature-version": "v2" } },
};

const SCHEME_OVERRIDES: Readonly<Record<string, Partial<Sample>>> = {
  "adyen/platforms": { body: (text) => JSON.stringify({ note: text }) },
  "adyen/basic auth": { secret: "user:pass", otherSecret: "user:word" },
  "cloudinary/sha256": { config: { signatureAlgorithm: "sha256" } },
  "hubspot/v1": { headers: { "x-hubspot-signature-version": "v1" } },
  "twilio/signature": { config: {} },
};

/** Every scheme of every provider. */
export const samples: readonly Sample[] = Object.values(providers).flatMap((definition) =>
  definition.schemes.map((scheme) => sampleFor(definition, scheme)),
);

function sampleFor(definition: ProviderDefinition, scheme: Scheme): Sample {
  const overrides: Partial<Sample> = OVERRIDES[definition.id] ?? {};
  return {
    definition,
    scheme,
    ...secretsFor(scheme),
    config: {},
    method: "POST",
    headers: { "content-type": "application/json" },
    body: (text) => JSON.stringify({ note: text }),
    ...overrides,
    ...SCHEME_OVERRIDES[`${definition.id}/${scheme.name}`],
  };
}

function secretsFor(scheme: Scheme): { readonly secret: string; readonly otherSecret: string } {
  if (scheme.kind === "standard-webhooks") {
    return {
      secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
      otherSecret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
    };
  }
  if (scheme.kind === "basic") return { secret: "user:pa:ss", otherSecret: "user:pa:st" };
  return { secret: "a secret of some length 1", otherSecret: "a secret of some length 2" };
}

function hexSecret(rest: Partial<Sample>): Partial<Sample> {
  return { secret: "44782def547aaa06c910c43932b1eb0c", otherSecret: "44782def547aaa06c910c43932b1eb0d", ...rest };
}

function form(field: string): Partial<Sample> {
  return {
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: (text) => new URLSearchParams({ [field]: JSON.stringify({ note: text }), other: "1" }).toString(),
  };
}

function adyenItem(text: string): unknown {
  return {
    NotificationRequestItem: { pspReference: text, eventCode: "AUTHORISATION", amount: { value: 1, currency: "EUR" } },
  };
}

type KeyPair = { readonly privateKey: KeyObject; readonly publicKey: KeyObject };

function twoKeys(make: () => KeyPair): readonly [KeyPair, KeyPair] {
  return [make(), make()];
}

function keys([right, other]: readonly [KeyPair, KeyPair]): Partial<Sample> {
  return { privateKey: pem(right.privateKey), publicKey: pem(right.publicKey), otherPublicKey: pem(other.publicKey) };
}

function jwks([right, other]: readonly [KeyPair, KeyPair]): Partial<Sample> {
  return {
    privateKey: pem(right.privateKey),
    publicKey: right.publicKey.export({ format: "jwk" }),
    otherPublicKey: JSON.stringify(other.publicKey.export({ format: "jwk" })),
  };
}

function rawBytes({ publicKey }: KeyPair): Buffer {
  return Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
}

function rawHex(pair: KeyPair): string {
  return rawBytes(pair).toString("hex");
}

function rawBase64(pair: KeyPair): string {
  return rawBytes(pair).toString("base64");
}
