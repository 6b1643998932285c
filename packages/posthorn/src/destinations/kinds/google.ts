/** Shared by the kinds of Google Cloud: fields, credentials and errors. */
import { readServiceAccount } from "../auth/google-token.ts";
import type { Fields, KindAuth, KindResponse } from "../kind.ts";
import {
  asObject,
  asObjects,
  asText,
  bodyObject,
  classOfStatus,
  failed,
  type Failure,
  type FailureClass,
  RATE_LIMITED,
  UNAVAILABLE,
} from "./cloud-result.ts";

export const GOOGLE_FIELDS = {
  credentials: {
    type: "text",
    label: "Service account key",
    help: "The complete JSON key file of a service account, from IAM & Admin → Service Accounts → Keys → Add key → Create new key → JSON.",
    required: true,
    secret: true,
    multiline: true,
    maxLength: 16_384,
  },
  endpointUrl: {
    type: "url",
    label: "Endpoint URL",
    help: "URL of a regional endpoint, or of another service with the same API. Leave empty for Google.",
    required: false,
    secret: false,
    isTarget: true,
    schemes: ["https:", "http:"],
    example: "https://europe-west1-pubsub.googleapis.com",
  },
} as const satisfies Fields;

export function checkCredentials({ credentials }: { readonly credentials: string }): {
  readonly field: "credentials";
  readonly problem: string;
} | null {
  const account = readServiceAccount(credentials);
  return typeof account === "string" ? { field: "credentials", problem: account } : null;
}

export function googleAuth({ credentials }: { readonly credentials: string }, scope: string): KindAuth {
  return { type: "google", credentialsJson: credentials, scope };
}

/** @param role Role that the service account needs. */
export function googleSetup(role: string, resource: string): readonly string[] {
  return [
    "In the Google Cloud console, open IAM & Admin → Service Accounts and create a service account.",
    `Grant it the role ${role} on the ${resource} only, under Permissions of the ${resource}.`,
    "Open the service account, choose Keys → Add key → Create new key → JSON, and paste the complete file here.",
  ];
}

const NOT_ALLOWED: FailureClass = {
  kind: "closed",
  code: "credentials_refused",
  advice: "Grant the service account permission to write to the target, and check that its key is enabled.",
};
const NOT_FOUND: FailureClass = {
  kind: "closed",
  code: "target_not_found",
  advice: "Check that the target exists in this project.",
};
/** Codes of `google.rpc.Code`, and reasons of the older JSON APIs. */
const CLASSES: Readonly<Record<string, FailureClass>> = {
  UNAUTHENTICATED: NOT_ALLOWED,
  PERMISSION_DENIED: NOT_ALLOWED,
  NOT_FOUND,
  RESOURCE_EXHAUSTED: RATE_LIMITED,
  UNAVAILABLE,
  DEADLINE_EXCEEDED: UNAVAILABLE,
  INTERNAL: UNAVAILABLE,
  ABORTED: UNAVAILABLE,
  UNKNOWN: UNAVAILABLE,
  CANCELLED: UNAVAILABLE,
  rateLimitExceeded: RATE_LIMITED,
  userRateLimitExceeded: RATE_LIMITED,
  quotaExceeded: RATE_LIMITED,
  FAILED_PRECONDITION: {
    kind: "closed",
    code: "target_not_found",
    advice: "Check the state of the target, such as its schema, its key and its region.",
  },
};

export function googleFailure(service: string, response: KindResponse): Failure {
  const { status, headers } = response;
  const error = asObject(bodyObject(response)["error"]);
  const reason = asText(asObjects(error["errors"])[0]?.["reason"]);
  const code = asText(error["status"]) || reason;
  const known = CLASSES[code] ?? CLASSES[reason] ?? (status === 401 || status === 403 ? NOT_ALLOWED : undefined);
  const found = known ?? (status === 404 ? NOT_FOUND : classOfStatus(status));
  return failed(
    found,
    { service, code: code === "" ? `HTTP ${status}` : code, message: asText(error["message"]) },
    headers,
  );
}
