/** Access tokens of Google service accounts: a JWT that the account's key signs (RFC 7523) is exchanged for a token. */
import { createHash } from "node:crypto";
import type { EgressResponse } from "@posthorn/egress";
import { importPKCS8, SignJWT } from "jose";
import type { AuthContext } from "./authorizer.ts";
import type { IssuedToken, TokenFailure, TokenParts } from "./token-cache.ts";
import { bodyText, completeResponse, isTemporary, quoted, refused, unusable } from "./token-response.ts";

/** The parts of a key file that are needed. */
export interface ServiceAccount {
  readonly clientEmail: string;
  readonly privateKey: string;
  readonly privateKeyId: string | null;
  readonly tokenUrl: string;
}

const SERVICE = "Google's token service";
const JWT_SECONDS = 3600;
/** Google's own token services: the current one, and those of older key files. */
const GOOGLE_TOKEN_URLS: ReadonlySet<string> = new Set([
  "https://oauth2.googleapis.com/token",
  "https://accounts.google.com/o/oauth2/token",
  "https://www.googleapis.com/oauth2/v4/token",
]);
/** Syntax of a Bearer token (RFC 6750 section 2.1). Google pads tokens with dots. */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;

/**
 * Reads a key file in JSON.
 *
 * @returns The account, or a sentence that says what is wrong with the file. The sentence never contains a part of the file.
 */
export function readServiceAccount(json: string): ServiceAccount | string {
  const file = parseObject(json);
  if (file === null) return "This is not JSON. Paste the whole key file of a service account.";
  const { type, client_email: clientEmail, private_key: privateKey, private_key_id: keyId, token_uri: url } = file;
  if (type !== "service_account") {
    return 'The "type" of the key file must be "service_account". Create a JSON key for a service account; other credentials are not supported.';
  }
  if (typeof clientEmail !== "string" || !/^[^\s@]+@[^\s@]+$/.test(clientEmail)) {
    return 'The key file has no "client_email". Download a new one.';
  }
  if (typeof privateKey !== "string" || !privateKey.includes("-----BEGIN PRIVATE KEY-----")) {
    return 'The key file has no "private_key" in PKCS #8. Download a new one.';
  }
  const tokenUrl = typeof url === "string" ? url : "https://oauth2.googleapis.com/token";
  if (!URL.canParse(tokenUrl)) return 'The "token_uri" of the key file is not a URL. Download a new one.';
  return { clientEmail, privateKey, privateKeyId: typeof keyId === "string" ? keyId : null, tokenUrl };
}

/**
 * Whether Posthorn may send a signed assertion to this URL. A key file names it, so that without this check a tenant's file would choose it.
 *
 * @param allowed URLs that the operator allows in addition to Google's.
 */
export function isAllowedTokenUrl(url: string, allowed: readonly string[]): boolean {
  return GOOGLE_TOKEN_URLS.has(url) || allowed.includes(url);
}

export function googleParts({ clientEmail, privateKey, tokenUrl }: ServiceAccount, scope: string): TokenParts {
  return ["google", tokenUrl, clientEmail, createHash("sha256").update(privateKey).digest("base64"), scope];
}

/** The signed assertion. @param now Unix milliseconds. */
export async function googleAssertion(account: ServiceAccount, scope: string, now: number): Promise<string> {
  const { clientEmail, privateKey, privateKeyId, tokenUrl } = account;
  const key = await importPKCS8(privateKey, "RS256");
  const issuedAt = Math.floor(now / 1000);
  const header = { alg: "RS256", typ: "JWT", ...(privateKeyId === null ? {} : { kid: privateKeyId }) };
  return new SignJWT({ scope })
    .setProtectedHeader(header)
    .setIssuer(clientEmail)
    .setAudience(tokenUrl)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + JWT_SECONDS)
    .sign(key);
}

export async function fetchGoogleToken(
  account: ServiceAccount,
  scope: string,
  context: AuthContext,
): Promise<IssuedToken<string> | TokenFailure> {
  let assertion: string;
  try {
    assertion = await googleAssertion(account, scope, context.now);
  } catch {
    return refused("The private key of the service account cannot be read. Download a new key file and enter it.");
  }
  const form = new URLSearchParams({ grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion });
  const response = completeResponse(
    await context.send({
      method: "POST",
      url: account.tokenUrl,
      headers: ["content-type", "application/x-www-form-urlencoded", "accept", "application/json"],
      body: Buffer.from(form.toString()),
    }),
    SERVICE,
  );
  if (response.kind !== "response") return response;
  return response.status === 200 ? readToken(response) : readError(response, assertion);
}

function readToken(response: EgressResponse): IssuedToken<string> | TokenFailure {
  const { access_token: token, expires_in: life } = parseObject(bodyText(response)) ?? {};
  if (typeof token !== "string" || !TOKEN.test(token)) {
    return unusable(`${SERVICE} responded without an access token. We try again.`);
  }
  const lifeSeconds = typeof life === "number" && life > 0 ? Math.min(life, JWT_SECONDS) : 300;
  return { kind: "token", token, lifeMs: lifeSeconds * 1000 };
}

function readError(response: EgressResponse, assertion: string): TokenFailure {
  const { error, error_description: description } = parseObject(bodyText(response)) ?? {};
  const code = typeof error === "string" ? quoted(error, [assertion]) : `HTTP ${response.status}`;
  const detail = typeof description === "string" ? ` (${quoted(description, [assertion])})` : "";
  const said = `${SERVICE}: ${code}${detail}.`;
  if (isTemporary(response.status)) return unusable(`${said} We try again.`);
  return refused(
    `${said} Check that the service account and its key exist and are enabled, and that the clock of the sending server is right.`,
  );
}

function parseObject(json: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
