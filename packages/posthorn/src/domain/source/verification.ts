/** Verification of generic sources: settings that are turned into a provider definition of `@posthorn/webhooks`. */
import {
  asymmetric,
  type AsymmetricScheme,
  base64Key,
  basic,
  credential,
  ecdsaP256,
  ed25519,
  hexKey,
  hmac,
  iso,
  jwt,
  type KeyAlgorithm,
  milliseconds,
  pairs,
  type ProviderDefinition,
  rsaSha256,
  type Scheme,
  seconds,
  type Selector,
  type SignedOptions,
  signedTime,
  standard,
  unsigned,
  urlSecret,
} from "@posthorn/webhooks/provider";
import { WebhookError } from "@posthorn/webhooks";
import { invalid } from "../../lib/errors.ts";

/** Timestamp covered by the signature. */
export interface SignedTimeSettings {
  /** `header:x-timestamp`, `body:sent_at`, or `field:t` for a pair of the signature's header. */
  readonly from: string;
  readonly unit: "seconds" | "milliseconds" | "iso";
  readonly toleranceSeconds: number;
}

/** Position of the signature, and the parts of the request that it covers. */
export interface SignatureForm {
  readonly header: string;
  readonly encoding: "hex" | "base64" | "base64url";
  /** Text before the signature, such as `sha256=`. */
  readonly prefix: string;
  /** Name of the signature in a header of pairs such as `t=…,v1=…`. `null` if the whole header is the signature. */
  readonly field: string | null;
  readonly separator: string;
  /** Signed text with `{body}`, `{ts}`, `{url}`, `{method}` and selectors such as `{header:x-id}`. */
  readonly signed: string;
  readonly timestamp: SignedTimeSettings | null;
}

/** HMAC signature. */
export interface HmacSettings extends SignatureForm {
  readonly scheme: "hmac";
  readonly hash: "sha1" | "sha256" | "sha384" | "sha512";
  /** Encoding of the key in the secret. */
  readonly secretEncoding: "utf8" | "base64" | "hex";
}

/** Public key signature, verified with the public keys of the source. ECDSA signatures are DER-encoded. */
export interface PublicKeySettings extends SignatureForm {
  readonly scheme: "public-key";
  readonly algorithm: "ed25519" | "ecdsa-p256-sha256" | "rsa-sha256";
}

export interface JwtSettings {
  readonly scheme: "jwt";
  readonly header: string;
  readonly algorithms: readonly ("HS256" | "HS384" | "HS512" | "ES256" | "RS256")[];
  /** URL of the key set, for asymmetric algorithms. */
  readonly jwksUrl: string | null;
  readonly issuer: readonly string[];
  readonly audience: string | null;
  /** Claim with the SHA-256 of the body. `null` if the token does not cover the body. */
  readonly bodyHash: { readonly claim: string; readonly encoding: "hex" | "base64" | "base64url" } | null;
}

export type SchemeSettings =
  | HmacSettings
  | PublicKeySettings
  | JwtSettings
  | { readonly scheme: "basic" }
  | { readonly scheme: "bearer" }
  /** A fixed value in a header, in the query or in a field of the body. */
  | { readonly scheme: "api-key"; readonly in: "header" | "query" | "body"; readonly name: string }
  | { readonly scheme: "standard-webhooks" }
  | { readonly scheme: "none" };

/** How requests are verified, and where to find event type, delivery ID and time. */
export type Verification = SchemeSettings & {
  readonly eventType: readonly string[];
  readonly deliveryId: readonly string[];
  readonly occurredAt: readonly string[];
};

/** Builds the provider definition for the settings. */
export function genericDefinition(verification: Verification): ProviderDefinition {
  const { eventType, deliveryId, occurredAt } = verification;
  const standardIds = verification.scheme === "standard-webhooks" ? ["{header:webhook-id}", "{header:svix-id}"] : [];
  const ids = deliveryId.length > 0 ? deliveryId : standardIds;
  const types = eventType.length > 0 ? eventType : ["{body:type}"];
  return {
    id: "generic",
    name: "Generic",
    group: "infrastructure",
    ...schemesOf(verification),
    event: types,
    ...(ids.length === 0 ? {} : { delivery: ids }),
    ...(occurredAt.length === 0 ? {} : { time: occurredAt }),
  };
}

function schemesOf(verification: Verification): Pick<ProviderDefinition, "schemes" | "unsigned"> {
  switch (verification.scheme) {
    case "hmac":
      return { schemes: [hmacScheme(verification)] };
    case "public-key":
      return { schemes: [publicKeyScheme(verification)] };
    case "jwt":
      return { schemes: [jwtScheme(verification)] };
    case "basic":
      return { schemes: [basic()] };
    case "bearer":
      return { schemes: [credential({ name: "bearer", header: "authorization" })] };
    case "api-key":
      return { schemes: [apiKeyScheme(verification)] };
    case "standard-webhooks":
      return { schemes: [standard({ prefixes: ["webhook", "svix"], asymmetric: true })] };
    case "none":
      return { schemes: [urlSecret()], unsigned: unsigned("keep the URL of the source to yourself") };
  }
}

function hmacScheme(settings: HmacSettings): Scheme {
  const { hash, secretEncoding } = settings;
  const key = READERS[secretEncoding];
  return hmac({ ...signedOptions(settings), hash, ...(key === null ? {} : { key }) });
}

function publicKeyScheme(settings: PublicKeySettings): Scheme {
  return asymmetric({ ...signedOptions(settings), algorithm: ALGORITHMS[settings.algorithm] });
}

function signedOptions(form: SignatureForm): SignedOptions & Pick<SignatureForm, "encoding"> {
  const { header, encoding, prefix, field, separator, signed, timestamp } = form;
  return {
    header: header.toLowerCase(),
    encoding,
    ...(prefix === "" ? {} : { prefix }),
    ...(field === null ? {} : { fields: pairs(field, separator) }),
    signed,
    ...(timestamp === null ? {} : { timestamp: timeOf(timestamp) }),
    ...(signed.includes("{body}") ? {} : { covers: "fields" }),
  };
}

const UNITS = { seconds, milliseconds, iso } as const;

function timeOf({ from, unit, toleranceSeconds }: SignedTimeSettings) {
  const place = from.startsWith("header:") ? from.toLowerCase() : from;
  return signedTime({ from: place as Selector, as: UNITS[unit], tolerance: toleranceSeconds });
}

function jwtScheme({ header, algorithms, jwksUrl, issuer, audience, bodyHash }: JwtSettings): Scheme {
  return jwt({
    header: header.toLowerCase(),
    algorithms,
    ...(jwksUrl === null ? {} : { keySet: jwksUrl }),
    ...(issuer.length === 0 ? {} : { issuer }),
    ...(bodyHash === null ? { covers: "nothing" } : { bodyHash }),
    check: ({ aud }) => {
      if (audience === null || [aud].flat().includes(audience)) return;
      throw new WebhookError("token_invalid", "The token was issued for another audience.", { field: "aud" });
    },
  });
}

function apiKeyScheme(settings: Extract<SchemeSettings, { scheme: "api-key" }>): Scheme {
  if (settings.in === "query") return urlSecret();
  return credential(
    settings.in === "header"
      ? { name: "api key", header: settings.name.toLowerCase() }
      : { name: "api key", body: settings.name },
  );
}

const READERS = { utf8: null, base64: base64Key, hex: hexKey } as const;
const ALGORITHMS: Readonly<Record<PublicKeySettings["algorithm"], KeyAlgorithm>> = {
  ed25519,
  "ecdsa-p256-sha256": ecdsaP256,
  "rsa-sha256": rsaSha256,
};

/** Rejects a secret that is not a key in the configured encoding: every request would fail verification without a visible reason. */
export function checkSecretEncoding(verification: Verification | null, secret: string): void {
  if (verification?.scheme !== "hmac") return;
  try {
    READERS[verification.secretEncoding]?.(secret);
  } catch (error) {
    if (!(error instanceof WebhookError)) throw error;
    throw invalid("secrets", error.message);
  }
}

/** Refuses a public key that the algorithm cannot use, for the same reason. */
export function checkPublicKeys({ schemes }: ProviderDefinition, keys: readonly string[]): void {
  for (const { algorithm } of schemes.flatMap((scheme) => (isAsymmetric(scheme) ? [scheme.options] : []))) {
    for (const key of keys) {
      try {
        algorithm.prepare(key);
      } catch (error) {
        if (!(error instanceof WebhookError)) throw error;
        throw invalid("publicKeys", error.message);
      }
    }
  }
  for (const { kind } of schemes) {
    const check = KEY_CHECKS[kind];
    const bad = check === undefined ? undefined : keys.find((key) => !check.accepts(key));
    if (bad !== undefined) throw invalid("publicKeys", `Enter ${check!.form}.`);
  }
}

/** Key format by scheme. */
const KEY_CHECKS: Readonly<Record<string, { readonly form: string; accepts(key: string): boolean }>> = {
  jwt: {
    form: "each key as a JSON Web Key: an object with `kty`, or a set of them under `keys`",
    accepts: isJsonWebKey,
  },
  "apple-jws": { form: "each root certificate in PEM, or its DER in Base64", accepts: isCertificate },
};

function isJsonWebKey(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    // Plaid's API wraps the key in `key`.
    return typeof value === "object" && value !== null && ["kty", "keys", "key"].some((name) => name in value);
  } catch {
    return false;
  }
}

function isCertificate(text: string): boolean {
  const base64 = text.replace(/-----[A-Z ]{1,40}-----/g, "").replace(/\s/g, "");
  // DER starts with a SEQUENCE. Whether it is the right certificate is checked against the chain of each request.
  return /^[A-Za-z0-9+/]+=*$/.test(base64) && Buffer.from(base64, "base64")[0] === DER_SEQUENCE;
}

const DER_SEQUENCE = 0x30;

export function isJwt(scheme: Scheme): scheme is ReturnType<typeof jwt> {
  return scheme.kind === "jwt";
}

function isAsymmetric(scheme: Scheme): scheme is AsymmetricScheme {
  return scheme.kind === "asymmetric";
}

const SELECTOR = /^(?:header|query|body):[^{}]+$/;
const SIGNED_WORDS = new Set(["body", "ts", "url", "method", "secret"]);

/** Rejects templates with unknown placeholders, which would never match. */
export function checkVerification(verification: Verification): void {
  for (const name of ["eventType", "deliveryId", "occurredAt"] as const) {
    for (const template of verification[name]) checkTemplate(template, name, new Set());
  }
  if (verification.scheme === "hmac" || verification.scheme === "public-key") checkForm(verification);
  if (verification.scheme === "jwt") checkJwt(verification);
}

function checkForm({ scheme, signed, timestamp }: HmacSettings | PublicKeySettings): void {
  if (scheme === "public-key" && signed.includes("{secret}")) {
    throw invalid(["body", "verification", "signed"], "The placeholder {secret} is not available with public keys.");
  }
  checkTemplate(signed, "signed", SIGNED_WORDS);
  if (signed.includes("{ts}") !== (timestamp !== null)) {
    throw invalid(["body", "verification", "timestamp"], "The placeholder {ts} and `timestamp` require each other.");
  }
  if (timestamp === null || /^(?:header|body|query|field):\S+$/.test(timestamp.from)) return;
  throw invalid(["body", "verification", "timestamp", "from"], "Use header:name, body:path, query:name or field:name.");
}

function checkJwt({ algorithms, jwksUrl }: JwtSettings): void {
  const symmetric = algorithms.filter((name) => name.startsWith("HS"));
  // If a public key were used as an HMAC secret, anyone could sign.
  if (symmetric.length > 0 && symmetric.length < algorithms.length) {
    throw invalid(
      ["body", "verification", "algorithms"],
      "Use either HMAC algorithms (HS…) or public key algorithms (ES…, RS…), not both.",
    );
  }
  if (jwksUrl !== null && symmetric.length > 0) {
    throw invalid(["body", "verification", "jwksUrl"], "A key set is for ES256 and RS256; HS256 needs a secret.");
  }
}

function checkTemplate(template: string, name: string, words: ReadonlySet<string>): void {
  for (const [, place = ""] of template.matchAll(/\{([^{}]*)\}/g)) {
    if (words.has(place) || SELECTOR.test(place)) continue;
    const known = [...words, "header:name", "query:name", "body:path"].map((word) => `{${word}}`).join(", ");
    throw invalid(["body", "verification", name], `Unknown placeholder {${place}}. Use ${known}.`);
  }
}
