/** Shared by the kinds of AWS: fields, credentials, addresses and errors. */
import type { AwsAuth, ConfigOf, Fields, ItemResult, KindMessage, KindRequest, KindResponse } from "../kind.ts";
import { xmlText } from "../xml-text.ts";
import {
  asText,
  bodyObject,
  bodyText,
  classOfStatus,
  type Failure,
  type FailureClass,
  failed,
  RATE_LIMITED,
  UNAVAILABLE,
} from "./cloud-result.ts";

const REGION = {
  type: "text",
  label: "Region",
  help: "AWS region of the target, such as eu-central-1.",
  required: true,
  secret: false,
  isTarget: true,
  maxLength: 40,
  pattern: "[a-z]{2,}(-[a-z]+)+-[0-9]+",
  example: "eu-central-1",
} as const;

/** Fields of every kind of AWS. They decide who signs, and where requests go. */
export const AWS_FIELDS = {
  region: REGION,
  accessKeyId: {
    type: "text",
    label: "Access key ID",
    help: "ID of an access key of an IAM user, from IAM → Users → Security credentials → Access keys.",
    required: true,
    secret: false,
    maxLength: 128,
    pattern: "[A-Za-z0-9_]{3,128}",
    example: "AKIAIOSFODNN7EXAMPLE",
  },
  secretAccessKey: {
    type: "text",
    label: "Secret access key",
    help: "Secret of this access key. AWS shows it once, when the key is created.",
    required: true,
    secret: true,
    maxLength: 256,
  },
  roleArn: {
    type: "text",
    label: "Role ARN",
    help: "Role to assume with these keys, for a target in another account. Its trust policy must allow the user. Leave empty to use the keys directly.",
    required: false,
    secret: false,
    maxLength: 2048,
    pattern: "arn:aws[a-z-]*:iam::[0-9]{12}:role/[\\w+=,.@/-]+",
    example: "arn:aws:iam::123456789012:role/webhook-sender",
  },
  externalId: {
    type: "text",
    label: "External ID",
    help: "External ID that the trust policy of the role requires, if any.",
    required: false,
    secret: false,
    maxLength: 1224,
    pattern: "[\\w+=,.@:/-]{2,1224}",
  },
  endpointUrl: {
    type: "url",
    label: "Endpoint URL",
    help: "URL of another service with the same API, such as MinIO or LocalStack, or of a VPC endpoint. Leave empty for AWS.",
    required: false,
    secret: false,
    isTarget: true,
    schemes: ["https:", "http:"],
    example: "https://minio.example.com",
  },
} as const satisfies Fields;

export type AwsConfig = ConfigOf<typeof AWS_FIELDS>;

/**
 * Steps that create the keys.
 * @param permission Action that they need.
 */
export function awsSetup(permission: string): readonly string[] {
  return [
    `In the IAM console, create a policy that allows ${permission} on this resource only.`,
    "Create a user without console access, attach the policy, and create an access key for it under Security credentials.",
    "Enter the region, the access key ID and the secret access key here.",
    "For a target in another account: create a role there with the policy, name the user and an external ID in its trust policy, and enter the role and the external ID here.",
  ];
}

/**
 * Base URL of a service, without a slash at its end.
 * @param service First part of its host name.
 */
export function awsUrl({ region, endpointUrl }: AwsConfig, service: string): string {
  return endpointUrl === null ? `https://${service}.${region}.${suffixOf(region)}` : endpointUrl.replace(/\/+$/, "");
}

/** @param service Name of the service in signatures. */
export function awsAuth(config: AwsConfig, service: string): AwsAuth {
  const { region, accessKeyId, secretAccessKey, roleArn: arn, externalId } = config;
  const role = arn === null ? null : { arn, externalId, stsUrl: stsUrl(config) };
  return { type: "aws", service, region, accessKeyId, secretAccessKey, sessionToken: null, role };
}

/** Compatible services issue credentials at the same address. A VPC endpoint of AWS serves one service only. */
function stsUrl({ region, endpointUrl }: AwsConfig): string {
  const isAws =
    endpointUrl === null ||
    /\.(?:amazonaws\.(?:com(?:\.cn)?|eu)|vpce\.amazonaws\.com)$/.test(new URL(endpointUrl).hostname);
  return isAws ? `https://sts.${region}.${suffixOf(region)}/` : `${new URL(endpointUrl).origin}/`;
}

/** Domain of the partition that a region belongs to. */
export function suffixOf(region: string): string {
  if (region.startsWith("cn-")) return "amazonaws.com.cn";
  if (region.startsWith("eusc-")) return "amazonaws.eu";
  if (region.startsWith("us-isob-")) return "sc2s.sgov.gov";
  return region.startsWith("us-iso-") ? "c2s.ic.gov" : "amazonaws.com";
}

/**
 * A request by one of the JSON protocols of AWS.
 * @param target Service with version, and operation.
 * @param body As an object, or as JSON.
 */
export function awsJsonRequest(
  config: AwsConfig,
  {
    service,
    host,
    target,
    version,
  }: { readonly service: string; readonly host: string; readonly target: string; readonly version: "1.0" | "1.1" },
  body: object | string,
): KindRequest {
  return {
    method: "POST",
    url: `${awsUrl(config, host)}/`,
    headers: ["content-type", `application/x-amz-json-${version}`, "x-amz-target", target],
    secretHeaders: [],
    body: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)),
    auth: awsAuth(config, service),
  };
}

/** The ARN of a target names its region. If the configuration names another, AWS would report an unknown target. */
export function regionOfArn(arn: string): string {
  return arn.split(":")[3] ?? "";
}

const closed = (code: FailureClass["code"], advice: string): FailureClass => ({ kind: "closed", code, advice });
const refusedFor = (code: FailureClass["code"], advice: string): FailureClass => ({ kind: "refused", code, advice });

const KEYS_WRONG = closed("credentials_refused", "Check access key ID and secret access key.");
const NOT_ALLOWED = closed(
  "credentials_refused",
  "Allow these credentials to send to the target in IAM, and in the policy of the target.",
);
const NOT_FOUND = closed("target_not_found", "Check that the target exists in this region and account.");
const KMS = closed(
  "credentials_refused",
  "Allow these credentials to use the KMS key of the target, and check that the key is enabled.",
);
const TOO_LARGE = refusedFor("message_too_large", "Send smaller messages, or raise the limit of the target.");
const INVALID = refusedFor("message_invalid", "Change the message or the configuration.");

/** Error codes of AWS services, without a prefix of the service and without `Exception` at their end. */
const CLASSES: Readonly<Record<string, FailureClass>> = {
  AccessDenied: NOT_ALLOWED,
  AccountProblem: NOT_ALLOWED,
  AllAccessDisabled: NOT_ALLOWED,
  AuthorizationError: NOT_ALLOWED,
  InvalidSecurity: NOT_ALLOWED,
  NotAuthorized: NOT_ALLOWED,
  NotAuthorizedForDetailType: NOT_ALLOWED,
  NotAuthorizedForSource: NOT_ALLOWED,
  OptInRequired: NOT_ALLOWED,
  UserNotAuthenticated: NOT_ALLOWED,
  ExpiredToken: KEYS_WRONG,
  IncompleteSignature: KEYS_WRONG,
  InvalidAccessKeyId: KEYS_WRONG,
  InvalidClientTokenId: KEYS_WRONG,
  InvalidSignature: KEYS_WRONG,
  MissingAuthenticationToken: KEYS_WRONG,
  SignatureDoesNotMatch: KEYS_WRONG,
  UnrecognizedClient: KEYS_WRONG,
  KMSAccessDenied: KMS,
  KMSDisabled: KMS,
  KMSInvalidKeyUsage: KMS,
  KMSInvalidState: KMS,
  KMSNotFound: KMS,
  KMSOptInRequired: KMS,
  InvalidKMSResource: KMS,
  AuthorizationHeaderMalformed: closed("target_not_found", "Enter the region in which the target is."),
  EndpointDisabled: NOT_FOUND,
  InvalidAddress: NOT_FOUND,
  NoSuchBucket: NOT_FOUND,
  NonExistentQueue: NOT_FOUND,
  NotFound: NOT_FOUND,
  PermanentRedirect: closed("target_not_found", "Enter the region in which the bucket is."),
  QueueDeletedRecently: NOT_FOUND,
  QueueDoesNotExist: NOT_FOUND,
  ResourceNotFound: NOT_FOUND,
  BandwidthLimitExceeded: RATE_LIMITED,
  KMSThrottled: RATE_LIMITED,
  KMSThrottling: RATE_LIMITED,
  LimitExceeded: RATE_LIMITED,
  OverLimit: RATE_LIMITED,
  ProvisionedThroughputExceeded: RATE_LIMITED,
  RequestLimitExceeded: RATE_LIMITED,
  RequestThrottled: RATE_LIMITED,
  SlowDown: RATE_LIMITED,
  Throttled: RATE_LIMITED,
  Throttling: RATE_LIMITED,
  TooManyRequests: RATE_LIMITED,
  ConditionalRequestConflict: UNAVAILABLE,
  Internal: UNAVAILABLE,
  InternalError: UNAVAILABLE,
  InternalFailure: UNAVAILABLE,
  InternalServerError: UNAVAILABLE,
  OperationAborted: UNAVAILABLE,
  RequestTimeout: UNAVAILABLE,
  ServiceUnavailable: UNAVAILABLE,
  RequestExpired: { ...UNAVAILABLE, advice: "The clock of the sending server is wrong: synchronise it." },
  RequestTimeTooSkewed: { ...UNAVAILABLE, advice: "The clock of the sending server is wrong: synchronise it." },
  BatchRequestTooLong: TOO_LARGE,
  EntityTooLarge: TOO_LARGE,
  MessageTooLong: TOO_LARGE,
  RequestEntityTooLarge: TOO_LARGE,
  InvalidArgument: INVALID,
  InvalidAttributeValue: INVALID,
  InvalidBatchEntryId: INVALID,
  InvalidMessageContents: INVALID,
  InvalidParameter: INVALID,
  InvalidParameterValue: INVALID,
  KeyTooLongError: INVALID,
  MalformedDetail: INVALID,
  RedactionFailure: INVALID,
  UnsupportedOperation: INVALID,
  Validation: INVALID,
  ValidationError: INVALID,
};

/**
 * What a code of an AWS service means.
 * @param status Decides if the code is not known.
 */
export function classOfAwsCode(code: string, message: string, status: number): FailureClass {
  const known = CLASSES[code] ?? CLASSES[code.replace(/^Kms/, "KMS")];
  if (
    known === INVALID &&
    /\b(?:longer than|too long|exceeds?|must be (?:shorter|less) than|size limit)\b/i.test(message)
  )
    return TOO_LARGE;
  return known ?? classOfStatus(status);
}

/** `com.amazonaws.sqs#QueueDoesNotExist`, `AWS.SimpleQueueService.NonExistentQueue`, `ThrottlingException:http://…` → the bare name. */
export function bareAwsCode(code: string): string {
  return code
    .replace(/^.*#/, "")
    .replace(/:.*$/, "")
    .replace(/^.*\./, "")
    .replace(/Exception$/, "");
}

/** A request that failed as a whole. */
export function awsFailure(service: string, response: KindResponse): Failure {
  const { status, headers } = response;
  const { code, message } = errorOf(response);
  const bare = bareAwsCode(code);
  const said = { service, code: bare === "" ? `HTTP ${status}` : bare, message };
  return failed(classOfAwsCode(bare, message, status), said, headers);
}

/** One message that failed in a request that otherwise succeeded. */
export function awsItemFailure(service: string, code: string, message: string, status = 400): Failure {
  const bare = bareAwsCode(code);
  return failed(classOfAwsCode(bare, message, status), {
    service,
    code: bare === "" ? "unknown error" : bare,
    message,
  });
}

/** The results of a batch whose response lists them by the position of each message. */
export function byPosition(
  messages: readonly KindMessage[],
  results: readonly ItemResult[],
  missing: Failure,
): readonly ItemResult[] {
  return messages.map((_, index) => results[index] ?? missing);
}

function errorOf(response: KindResponse): { readonly code: string; readonly message: string } {
  const text = bodyText(response);
  if (/^\s*</.test(text)) return { code: xmlText(text, "Code") ?? "", message: xmlText(text, "Message") ?? "" };
  const body = bodyObject(response);
  const message = asText(body["message"]) || asText(body["Message"]);
  // The header has the code of the query protocol, which older clients of SQS expect.
  const code = asText(body["__type"]) || asText(body["code"]) || (response.headers["x-amzn-errortype"] ?? "");
  return { code, message };
}
