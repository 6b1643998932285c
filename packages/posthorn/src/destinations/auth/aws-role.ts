/** Temporary credentials of a role, from `AssumeRole` of the AWS Security Token Service. */
import { createHash } from "node:crypto";
import { type EgressResponse, headerValue } from "@posthorn/egress";
import type { AwsAuth, AwsRole, KindResponse } from "../kind.ts";
import { xmlText } from "../xml-text.ts";
import type { AuthContext } from "./authorizer.ts";
import { awsHeaders, type AwsCredentials } from "./aws-signature.ts";
import type { IssuedToken, TokenFailure, TokenParts } from "./token-cache.ts";
import { bodyText, completeResponse, isTemporary, quoted, refused, unusable } from "./token-response.ts";

const SERVICE = "AWS STS";
/** The longest duration that every role allows. */
const DURATION_SECONDS = 3600;
/** Errors that can resolve without a change of the configuration. */
const TEMPORARY: ReadonlySet<string> = new Set([
  "IDPCommunicationError",
  "InternalFailure",
  "InternalError",
  "RequestLimitExceeded",
  "ServiceUnavailable",
  "Throttling",
  "ThrottlingException",
]);
/** Errors caused by a wrong date. */
const DATE_ERRORS: ReadonlySet<string> = new Set(["RequestExpired", "RequestTimeTooSkewed"]);

export function roleParts({ accessKeyId, secretAccessKey, sessionToken, region }: AwsAuth, role: AwsRole): TokenParts {
  return ["aws", role.stsUrl, region, accessKeyId, secretAccessKey, sessionToken, role.arn, role.externalId];
}

export type RoleOutcome =
  | IssuedToken<AwsCredentials>
  | TokenFailure
  /** The date of the request was refused. */
  | { readonly kind: "wrong_date"; readonly response: KindResponse; readonly refusal: TokenFailure };

/**
 * Exchanges the keys of the configuration for credentials of the role.
 * @param context `now`: by the clock of AWS.
 */
export async function assumeRole(auth: AwsAuth, role: AwsRole, context: AuthContext): Promise<RoleOutcome> {
  const form = new URLSearchParams({
    Action: "AssumeRole",
    Version: "2011-06-15",
    RoleArn: role.arn,
    // Appears in CloudTrail with each request of the role.
    RoleSessionName: `posthorn-${createHash("sha256").update(auth.accessKeyId).digest("hex").slice(0, 12)}`,
    DurationSeconds: String(DURATION_SECONDS),
  });
  if (role.externalId !== null) form.set("ExternalId", role.externalId);
  const body = Buffer.from(form.toString());
  const headers = ["content-type", "application/x-www-form-urlencoded; charset=utf-8"];
  const request = { method: "POST", url: role.stsUrl, headers, body };
  const added = awsHeaders(request, { service: "sts", region: auth.region }, auth, context.now);
  const response = completeResponse(await context.send({ ...request, headers: [...headers, ...added] }), SERVICE);
  if (response.kind !== "response") return response;
  return response.status === 200
    ? readCredentials(response, context.now)
    : readError(response, [auth.secretAccessKey, auth.sessionToken ?? "", role.externalId ?? ""]);
}

function readCredentials(response: EgressResponse, now: number): IssuedToken<AwsCredentials> | TokenFailure {
  const xml = bodyText(response);
  const accessKeyId = xmlText(xml, "AccessKeyId");
  const secretAccessKey = xmlText(xml, "SecretAccessKey");
  const sessionToken = xmlText(xml, "SessionToken");
  if (!accessKeyId || !secretAccessKey || !sessionToken) {
    return unusable(`${SERVICE} responded without credentials. Check the endpoint URL.`);
  }
  const expiresAt = Date.parse(xmlText(xml, "Expiration") ?? "");
  const lifeMs = Number.isFinite(expiresAt) ? expiresAt - now : DURATION_SECONDS * 1000;
  const token = { accessKeyId, secretAccessKey, sessionToken };
  // A role can have a shorter session, but an expiry in the past shows that a clock is wrong.
  return { kind: "token", token, lifeMs: lifeMs > 0 ? Math.min(lifeMs, DURATION_SECONDS * 1000) : 60_000 };
}

function readError(response: EgressResponse, secrets: readonly string[]): RoleOutcome {
  const xml = bodyText(response);
  const code = quoted(xmlText(xml, "Code") ?? "", secrets) || `HTTP ${response.status}`;
  const message = quoted(xmlText(xml, "Message") ?? "", secrets);
  const said = `${SERVICE}: ${code}${message === "" ? "" : ` (${message})`}.`;
  if (TEMPORARY.has(code) || (isTemporary(response.status) && !DATE_ERRORS.has(code))) {
    return unusable(`${said} We try again.`);
  }
  const refusal = refused(`${said} ${adviceFor(code)}`);
  const isDate = DATE_ERRORS.has(code) || (code === "SignatureDoesNotMatch" && /expired|not yet current/.test(message));
  if (!isDate) return refusal;
  const headers = { date: headerValue(response.headers, "date") ?? "" };
  return { kind: "wrong_date", response: { status: response.status, headers, body: response.body }, refusal };
}

function adviceFor(code: string): string {
  switch (code) {
    case "AccessDenied":
    case "AccessDeniedException":
      return "Allow these keys to assume the role in its trust policy, and check role ARN and external ID.";
    case "InvalidClientTokenId":
    case "SignatureDoesNotMatch":
    case "UnrecognizedClientException":
    case "IncompleteSignature":
      return "Check access key ID and secret access key.";
    case "RegionDisabledException":
      return "Activate STS for this region in the IAM console of the account.";
    case "ExpiredToken":
    case "ExpiredTokenException":
      return "Enter keys that have not expired.";
    case "RequestExpired":
    case "RequestTimeTooSkewed":
      return "The clock of the sending server is wrong: synchronise it.";
    default:
      return "Check keys, role ARN and external ID.";
  }
}
