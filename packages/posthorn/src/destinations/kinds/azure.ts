/** What the kinds of Azure have in common: errors, and the fields of Service Bus and Event Hubs. */
import type { ConfigOf, Fields, KindAuth, KindMessage, KindRequest, KindResponse } from "../kind.ts";
import { xmlText } from "../xml-text.ts";
import { attributesOf, plainText } from "./cloud-body.ts";
import {
  asObject,
  asText,
  bodyObject,
  bodyText,
  classOfStatus,
  failed,
  type Failure,
  type FailureClass,
  RATE_LIMITED,
  UNAVAILABLE,
} from "./cloud-result.ts";

export const NAMESPACE_FIELDS = {
  namespace: {
    type: "text",
    label: "Namespace",
    help: "Host name of the namespace, from its Overview in the Azure portal.",
    required: true,
    secret: false,
    isTarget: true,
    maxLength: 253,
    pattern: "[A-Za-z0-9][A-Za-z0-9-]*(\\.[A-Za-z0-9-]+)+",
    example: "acme.servicebus.windows.net",
  },
  keyName: {
    type: "text",
    label: "Policy name",
    help: "Name of the shared access policy, such as the SharedAccessKeyName in its connection string.",
    required: true,
    secret: false,
    maxLength: 256,
    example: "webhooks",
  },
  key: {
    type: "text",
    label: "Key",
    help: "Primary or secondary key of this policy, such as the SharedAccessKey in its connection string.",
    required: true,
    secret: true,
    maxLength: 256,
  },
  endpointUrl: {
    type: "url",
    label: "Endpoint URL",
    help: "URL of a private endpoint or another service with the same API. Leave empty for Azure.",
    required: false,
    secret: false,
    isTarget: true,
    schemes: ["https:", "http:"],
  },
} as const satisfies Fields;

type NamespaceConfig = ConfigOf<typeof NAMESPACE_FIELDS>;

export function entityUrl({ namespace, endpointUrl }: NamespaceConfig, entity: string): string {
  const base = endpointUrl?.replace(/\/+$/, "") ?? `https://${namespace}`;
  return `${base}/${entity.split("/").map(encodeURIComponent).join("/")}`;
}

function entityAuth({ namespace, keyName, key }: NamespaceConfig, entity: string): KindAuth {
  return { type: "azure-sas", resource: `https://${namespace}/${entity}`.toLowerCase(), keyName, key };
}

/** How a service accepts messages. */
interface EntityForm {
  /** Query of the URL, with its question mark. */
  readonly query: string;
  /** Content type of a request with one message. */
  readonly contentType: string;
  readonly propertiesOf: (message: KindMessage) => object;
  /** Properties of a message among others. */
  readonly batchPropertiesOf: (message: KindMessage) => object;
}

/** A request that sends messages to a queue, topic or event hub: one as it is, or several in a JSON array. */
export function entityRequest(
  config: NamespaceConfig,
  entity: string,
  messages: readonly KindMessage[],
  { query, contentType, propertiesOf, batchPropertiesOf }: EntityForm,
): KindRequest {
  const [first] = messages;
  const isSingle = messages.length === 1;
  const headers = isSingle
    ? ["content-type", contentType, "brokerproperties", asciiJson(propertiesOf(first!)), ...propertyHeaders(first!)]
    : ["content-type", "application/vnd.microsoft.servicebus.json"];
  return {
    method: "POST",
    url: `${entityUrl(config, entity)}/messages${query}`,
    headers: [...headers, "x-ms-retrypolicy", "NoRetry"],
    secretHeaders: [],
    body: isSingle
      ? first!.body
      : Buffer.from(JSON.stringify(messages.map((message) => batchEntry(message, batchPropertiesOf(message))))),
    auth: entityAuth(config, entity),
  };
}

/** The last steps to set up a queue, topic or event hub. */
export function entitySetup(entity: string): readonly [string, string] {
  return [
    `Open the ${entity}, choose Shared access policies → Add, and create a policy with the claim Send only.`,
    `Enter the host name of the namespace, the name of the ${entity}, and the name and primary key of the policy.`,
  ];
}

/** An element of the JSON array that sends several messages. */
function batchEntry(message: KindMessage, properties: object): Readonly<Record<string, unknown>> {
  const { text, isBase64 } = plainText(message.body);
  return {
    Body: text,
    // The receiver gets the bytes.
    ...(isBase64 ? { IsBodyBase64: true } : {}),
    BrokerProperties: properties,
    UserProperties: Object.fromEntries(attributesOf(message)),
  };
}

/** Headers that become properties of a single message. The service would interpret others itself. */
function propertyHeaders(message: KindMessage): readonly string[] {
  return attributesOf(message)
    .filter(([name]) => name !== "content-type")
    .flatMap(([name, value]) => [name, value]);
}

/** JSON in ASCII, which header values require. */
function asciiJson(value: object): string {
  return JSON.stringify(value).replace(
    /[\x7f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const closed = (code: FailureClass["code"], advice: string): FailureClass => ({ kind: "closed", code, advice });
const NOT_ALLOWED = closed(
  "credentials_refused",
  "Check the key, and that its policy or account may write to the target.",
);
const NOT_FOUND = closed("target_not_found", "Check that the target exists and is enabled.");
const FULL: FailureClass = {
  kind: "later",
  code: "rate_limited",
  advice: "The target is full or over its quota. We wait and try again.",
};
const TOO_LARGE: FailureClass = { kind: "refused", code: "message_too_large", advice: "Send smaller messages." };

/** Error codes of Blob Storage, Service Bus, Event Hubs and Event Grid. */
const CLASSES: Readonly<Record<string, FailureClass>> = {
  AccountIsDisabled: NOT_ALLOWED,
  AuthenticationFailed: NOT_ALLOWED,
  AuthorizationFailure: NOT_ALLOWED,
  AuthorizationPermissionMismatch: NOT_ALLOWED,
  AuthorizationProtocolMismatch: NOT_ALLOWED,
  InsufficientAccountPermissions: NOT_ALLOWED,
  InvalidAuthenticationInfo: NOT_ALLOWED,
  KeyBasedAuthenticationNotPermitted: NOT_ALLOWED,
  PublicAccessNotPermitted: NOT_ALLOWED,
  Unauthorized: NOT_ALLOWED,
  ContainerBeingDeleted: NOT_FOUND,
  ContainerDisabled: NOT_FOUND,
  ContainerNotFound: NOT_FOUND,
  EntityDisabled: NOT_FOUND,
  MessagingEntityDisabled: NOT_FOUND,
  MessagingEntityNotFound: NOT_FOUND,
  ResourceNotFound: NOT_FOUND,
  QuotaExceeded: FULL,
  ServerBusy: RATE_LIMITED,
  InternalError: UNAVAILABLE,
  OperationTimedOut: UNAVAILABLE,
  MessageSizeExceeded: TOO_LARGE,
  RequestBodyTooLarge: TOO_LARGE,
  RequestEntityTooLarge: TOO_LARGE,
};

export function azureFailure(service: string, response: KindResponse): Failure {
  const { status, headers } = response;
  const { code, message } = errorOf(response);
  return failed(
    classOf(code, message, status),
    { service, code: code === "" ? `HTTP ${status}` : code, message },
    headers,
  );
}

function classOf(code: string, message: string, status: number): FailureClass {
  const known = CLASSES[code];
  if (known !== undefined) return known;
  // Service Bus responds with 403 to wrong keys, to a full queue and to a message that is too large.
  if (status === 403 && /quota|exceeded the maximum|size in bytes|entity is full/i.test(message)) {
    return /message (?:size|is too large)|size of the message/i.test(message) ? TOO_LARGE : FULL;
  }
  if (status === 401 || status === 403) return NOT_ALLOWED;
  if (status === 404 || status === 410) return NOT_FOUND;
  return status === 503 ? RATE_LIMITED : classOfStatus(status);
}

function errorOf(response: KindResponse): { readonly code: string; readonly message: string } {
  const header = response.headers["x-ms-error-code"] ?? "";
  const text = bodyText(response);
  if (/^[\s\ufeff]*</.test(text)) {
    const detail = xmlText(text, "Detail") ?? xmlText(text, "Message") ?? "";
    // Service Bus names its number under Code, and the code in the detail.
    const inDetail =
      /\b(MessagingEntityNotFound|MessagingEntityDisabled|QuotaExceeded|ServerBusy|MessageSizeExceeded)\b/.exec(detail);
    const code = header || inDetail?.[1] || (xmlText(text, "Code") ?? "").replace(/^\d+$/, "");
    return { code, message: detail };
  }
  const error = asObject(bodyObject(response)["error"]);
  return { code: header || asText(error["code"]), message: asText(error["message"]) };
}
