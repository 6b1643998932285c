/** Converts the API fields of a source to domain input. */
import type { Static } from "typebox";
import { definitionOf, verifiesWithPublicKeys } from "../../domain/source/kind.ts";
import { DEFAULT_SETTINGS, type SourceInput, type SourceResponse } from "../../domain/source/source.ts";
import type { SignatureForm, Verification } from "../../domain/source/verification.ts";
import { WEBHOOK_SOURCE } from "../../sources/kinds.ts";
import { invalid } from "../../lib/errors.ts";
import type { IngestSourceIn } from "../models/source.ts";
import type { SourceVerification } from "../models/source-verification.ts";
import { CRON_KIND, CRON_TYPE, cronConfig } from "./cron.ts";
import { toMs } from "../wire.ts";

type Body = Static<typeof IngestSourceIn>;

const DEFAULT_WAIT_SECONDS = 5;
const DEFAULT_TOLERANCE_SECONDS = 300;
/** Names under which `config` may contain secrets or keys, unless the provider has a setting of that name. */
const SECRET_NAMES = new Set(["secret", "webhookSecret", "clientId"]);

export type GivenSource = Omit<SourceInput, "config"> & {
  /** `null` if the body contains none. */
  readonly secrets: readonly string[] | null;
  /** `null` if the body contains none. */
  readonly config: SourceInput["config"] | null;
};

/** Input of a source. Secrets and `config` are separate: they are never returned, so a body without them keeps the stored ones. */
export function sourceInput(body: Body): GivenSource {
  const target = targetOf(body);
  const { type, kind } = target;
  const isWebhook = kind === WEBHOOK_SOURCE;
  const { secrets, publicKeys, config, toleranceSeconds } = isWebhook ? configOf(type, body.config) : NO_CONFIG;
  const verification = verificationOf(body.verification ?? null);
  const definition = isWebhook ? definitionOf(type, verification) : null;
  const provesNothing = definition?.unsigned !== undefined;
  const keys = keysOf(body.secrets ?? secrets, body.publicKeys ?? publicKeys, definition);
  return {
    name: body.name,
    uid: body.uid ?? null,
    ...target,
    metadata: body.metadata ?? {},
    config: (body.config ?? null) === null ? null : config,
    secrets: keys.secrets,
    verification,
    publicKeys: keys.publicKeys,
    allowUnsigned: body.allowUnsigned ?? provesNothing,
    toleranceSeconds: body.toleranceSeconds ?? toleranceSeconds,
    methods: body.methods ?? DEFAULT_SETTINGS.methods,
    maxBodyBytes: body.maxBodyBytes ?? null,
    rateLimit: body.rateLimit ?? null,
    dailyQuota: body.dailyQuota ?? null,
    allowedAddresses: body.allowedAddresses ?? [],
    deduplication: body.deduplication ?? DEFAULT_SETTINGS.deduplication,
    response: responseOf(body.response ?? null),
    expiresAt: toMs(body.expiresAt),
  };
}

/** Treats secrets of a provider that only has public keys as public keys, because many provider dashboards call any key a secret. */
function keysOf(
  secrets: readonly string[] | null,
  publicKeys: readonly string[],
  definition: ReturnType<typeof definitionOf>,
): Pick<GivenSource, "secrets" | "publicKeys"> {
  if (secrets === null || definition === null || !verifiesWithPublicKeys(definition)) return { secrets, publicKeys };
  return { secrets: [], publicKeys: [...new Set([...publicKeys, ...secrets])] };
}

/** Kind, type, and the configuration of the kind. A kind other than `webhook` is its own type. */
function targetOf({ type, kind: given, config = null }: Body): Pick<SourceInput, "type" | "kind" | "kindConfig"> {
  if (type === CRON_TYPE && (given ?? CRON_KIND) === CRON_KIND) {
    return { type, kind: CRON_KIND, kindConfig: config === null ? null : cronConfig(config) };
  }
  const kind = given ?? WEBHOOK_SOURCE;
  if (kind !== WEBHOOK_SOURCE) {
    if (type === undefined || type === kind) return { type: kind, kind, kindConfig: config };
    throw invalid("type", `Omit this field: the type of sources of the kind "${kind}" is "${kind}".`);
  }
  if (type === undefined) throw invalid("type", "This field is required.");
  return { type, kind, kindConfig: null };
}

interface ReadConfig {
  readonly secrets: readonly string[] | null;
  readonly publicKeys: readonly string[];
  readonly config: Readonly<Record<string, string>>;
  readonly toleranceSeconds: number | null;
}

const NO_CONFIG: ReadConfig = { secrets: null, publicKeys: [], config: {}, toleranceSeconds: null };

/** Splits `config` into provider settings, secrets and keys. */
function configOf(type: string, given: Body["config"]): ReadConfig {
  const config: Record<string, string> = {};
  let secret: string | null = null;
  let publicKeys: readonly string[] = [];
  let toleranceSeconds: number | null = null;
  for (const [name, value] of Object.entries(given ?? {})) {
    if (value === null || value === undefined) continue;
    if (name === "timestampGraceSeconds" && typeof value === "number") {
      toleranceSeconds = value;
      continue;
    }
    if (typeof value !== "string") throw invalid(["body", "config", name], "Provider settings must be strings.");
    if (SECRET_NAMES.has(name) && !hasSetting(type, name)) secret = value;
    else if (name === "publicKey" && !hasSetting(type, name)) publicKeys = [value];
    else config[name] = value;
  }
  return { secrets: secret === null ? null : [secret], publicKeys, config, toleranceSeconds };
}

function hasSetting(type: string, name: string): boolean {
  return Object.hasOwn(definitionOf(type, null)?.config ?? {}, name);
}

function responseOf(response: NonNullable<Body["response"]> | null): SourceResponse | null {
  if (response === null) return null;
  const { status = 200, headers = {}, body = "", delaySeconds = 0, wait = null } = response;
  const waited =
    wait === null
      ? null
      : { endpoint: wait.endpoint ?? null, timeoutMs: (wait.timeoutSeconds ?? DEFAULT_WAIT_SECONDS) * 1000 };
  return { status, headers, body, delayMs: Math.round(delaySeconds * 1000), wait: waited };
}

/** Settings with defaults applied. */
export function verificationOf(given: Static<typeof SourceVerification> | null): Verification | null {
  if (given === null) return null;
  const { eventType = [], deliveryId = [], occurredAt = [] } = given;
  const places = { eventType, deliveryId, occurredAt };
  switch (given.scheme) {
    case "hmac": {
      const { hash = "sha256", secretEncoding = "utf8" } = given;
      return { scheme: "hmac", hash, secretEncoding, ...formOf(given, "hex"), ...places };
    }
    case "public-key":
      return { scheme: "public-key", algorithm: given.algorithm, ...formOf(given, "base64"), ...places };
    case "jwt": {
      const { header = "authorization", algorithms, jwksUrl = null, issuer = [], audience = null } = given;
      const { bodyHash = null } = given;
      return { scheme: "jwt", header, algorithms, jwksUrl, issuer, audience, bodyHash, ...places };
    }
    case "api-key":
      return { scheme: "api-key", in: given.in, name: given.name, ...places };
    case "basic":
    case "bearer":
    case "none":
    case "standard-webhooks":
      return { scheme: given.scheme, ...places };
  }
}

type GivenForm = Extract<Static<typeof SourceVerification>, { scheme: "hmac" | "public-key" }>;

function formOf(given: GivenForm, usual: SignatureForm["encoding"]): SignatureForm {
  const { header, encoding = usual, prefix = "", field = null, separator = ",", signed = "{body}" } = given;
  const { timestamp: time = null } = given;
  const timestamp =
    time === null ? null : { toleranceSeconds: DEFAULT_TOLERANCE_SECONDS, unit: "seconds" as const, ...time };
  return { header, encoding, prefix, field, separator, signed, timestamp };
}
