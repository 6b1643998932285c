/** Converts domain values to API fields. */
import { isUtf8 } from "node:buffer";
import type { Application } from "../domain/application/application.ts";
import type { Attempt } from "../domain/attempt/attempt.ts";
import type { Cancellation, DeliveryStatus } from "../domain/delivery/delivery.ts";
import { STATUS } from "../domain/delivery/delivery.ts";
import type { Endpoint } from "../domain/endpoint/endpoint.ts";
import type { EgressFacts } from "../domain/endpoint/get-egress.ts";
import type { Grant } from "../domain/endpoint/verification.ts";
import type { VerifyOutcome } from "../domain/endpoint/verify.ts";
import type { EventType } from "../domain/event-type/event-type.ts";
import type { Message } from "../domain/message/message.ts";
import { publicStatus, type Task } from "../domain/task/task.ts";
import { JsonText } from "./reply.ts";

/** The last time that was formatted. Most messages that are published together have the same. */
let last = { ms: Number.NaN, text: "" };

/** Formats Unix milliseconds as RFC 3339 in UTC. */
export function dateTime(ms: number): string {
  if (ms !== last.ms) last = { ms, text: new Date(ms).toISOString() };
  return last.text;
}

export function dateTimeOrNull(ms: number | null): string | null {
  return ms === null ? null : dateTime(ms);
}

/** Unix milliseconds of a validated date-time; `null` if there is none. */
export function toMs(text: string | null | undefined): number | null {
  return text === null || text === undefined ? null : Date.parse(text);
}

export function applicationOut({ key: _key, throttleRate, createdAt, updatedAt, ...rest }: Application): object {
  return {
    ...rest,
    throttleRate,
    rateLimit: throttleRate,
    createdAt: dateTime(createdAt),
    updatedAt: dateTime(updatedAt),
  };
}

export function eventTypeOut(eventType: EventType, withContent = true): object {
  const { featureFlags, schemas, createdAt, updatedAt, ...rest } = eventType;
  return {
    ...rest,
    schemas: withContent ? schemas : null,
    featureFlags,
    featureFlag: featureFlags?.[0] ?? null,
    createdAt: dateTime(createdAt),
    updatedAt: dateTime(updatedAt),
  };
}

function configOut(config: Endpoint["config"]): object {
  return config === null ? {} : { config: config.values, configSecrets: config.secrets };
}

/** An endpoint without its metadata, as embedded in other objects. */
function endpointFields({ key: _key, appKey: _appKey, metadata: _metadata, ...endpoint }: Endpoint): object {
  const { throttleRate, eventTypes, createdAt, updatedAt, config, ...rest } = endpoint;
  return {
    ...rest,
    ...configOut(config),
    throttleRate,
    rateLimit: throttleRate,
    eventTypes,
    filterTypes: eventTypes,
    createdAt: dateTime(createdAt),
    updatedAt: dateTime(updatedAt),
  };
}

export function endpointOut(endpoint: Endpoint): object {
  return { ...endpointFields(endpoint), metadata: endpoint.metadata };
}

/** An endpoint of operational webhooks, which has no channels and no version. */
export function operationalEndpointOut({ channels: _channels, version: _version, ...endpoint }: Endpoint): object {
  const { key: _key, appKey: _appKey, throttleRate, eventTypes, createdAt, updatedAt, config, ...rest } = endpoint;
  return {
    ...rest,
    ...configOut(config),
    throttleRate,
    rateLimit: throttleRate,
    eventTypes,
    filterTypes: eventTypes,
    createdAt: dateTime(createdAt),
    updatedAt: dateTime(updatedAt),
  };
}

const STATUS_TEXT = {
  [STATUS.success]: "success",
  [STATUS.pending]: "pending",
  [STATUS.fail]: "fail",
  [STATUS.sending]: "sending",
  [STATUS.canceled]: "canceled",
} as const;

export function canceledOut(canceled: Cancellation | null): object | null {
  return canceled === null ? null : { reason: canceled.reason, at: dateTime(canceled.at), by: canceled.by };
}

/** Clients that do not request expanded statuses do not know `canceled`, so they get `success`. */
function statusFields({ status, nextAttempt, canceled }: DeliveryStatus, expanded: boolean): object {
  const shown = status === STATUS.canceled && !expanded ? STATUS.success : status;
  return {
    status: shown,
    statusText: STATUS_TEXT[shown],
    ...(nextAttempt === null ? {} : { nextAttempt: dateTime(nextAttempt) }),
    ...(canceled ? { canceled: canceledOut(canceled) } : {}),
  };
}

export function egressOut({ auth, tls, proxy }: EgressFacts): object {
  if (tls === null) return { auth, tls, proxy };
  const { clientCertificateValidTo, ...rest } = tls;
  return { auth, tls: { ...rest, clientCertificateValidTo: dateTimeOrNull(clientCertificateValidTo) }, proxy };
}

export function verificationOut({ required, proof, held, perMinute }: Grant): object {
  return {
    required,
    method: proof?.method ?? null,
    verifiedAt: dateTimeOrNull(proof?.at ?? null),
    held,
    ratePerMinute: perMinute,
    requestOrigin: proof?.requestOrigin ?? null,
  };
}

export function verifyOut({
  requestOrigin: _requestOrigin,
  verifiedAt,
  callbackUntil,
  ...outcome
}: VerifyOutcome): object {
  return { ...outcome, verifiedAt: dateTimeOrNull(verifiedAt), callbackUntil: dateTimeOrNull(callbackUntil) };
}

export function messageEndpointOut(endpoint: Endpoint, delivery: DeliveryStatus): object {
  return { ...endpointFields(endpoint), ...statusFields(delivery, true) };
}

export function endpointMessageOut(
  message: Message,
  delivery: DeliveryStatus,
  options: MessageOptions & { expanded: boolean },
): JsonText {
  return messageJson(message, options, statusFields(delivery, options.expanded));
}

export interface MessageOptions {
  readonly withContent: boolean;
  /** Whether the payload is known to be a JSON object. */
  readonly isJsonObject?: boolean;
}

/** A message with its payload byte for byte as published. @param more Further fields. */
export function messageOut(message: Message, options: MessageOptions, more: object = {}): JsonText {
  return messageJson(message, options, more);
}

/** A message of a feed. @param raw Returns the payload as `rawPayload` in base64. */
export function pulledMessageOut(message: Message, more: object, raw: boolean): JsonText {
  if (!raw || message.payload === null) return messageJson(message, { withContent: true }, more);
  const text = Buffer.from(message.payload).toString("base64");
  return new JsonText(
    `${messageFields(message, more)},"rawPayload":"${text}","rawPayloadEncoding":"base64","payload":${EMPTY}}`,
  );
}

/** Replaces a payload that was deleted or has expired. */
const EXPIRED = '{"expired":true}';
const EMPTY = "{}";

function messageJson(message: Message, options: MessageOptions, more: object): JsonText {
  const { payload } = message;
  const fields = messageFields(message, more);
  if (!options.withContent) return new JsonText(`${fields},"payload":${EMPTY}}`);
  if (payload === null) return new JsonText(`${fields},"payload":${EXPIRED}}`);
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const text = options.isJsonObject === true || isUtf8(bytes) ? bytes.toString("utf8") : null;
  if (text !== null && (options.isJsonObject === true || isJsonObject(text))) {
    return new JsonText(`${fields},"payload":${text}}`);
  }
  const [raw, encoding] = text === null ? [bytes.toString("base64"), "base64"] : [text, "utf-8"];
  return new JsonText(
    `${fields},"rawPayload":${JSON.stringify(raw)},"rawPayloadEncoding":"${encoding}","payload":${EMPTY}}`,
  );
}

/**
 * The members of a message, without the closing brace. Written by hand, because every publish request is answered with it. A new message
 * and a stored one have the same text.
 */
function messageFields(message: Message, more: object): string {
  const { id, eventId, eventType, channels, tags, contentType, timestamp, deliverAt, orderingKey } = message;
  const order = orderingKey === null ? "" : `"orderingKey":${JSON.stringify(orderingKey)},`;
  const erased = (message.erasedAt ?? null) === null ? "" : `,"erasedAt":"${dateTime(message.erasedAt!)}"`;
  const others = JSON.stringify(more).slice(1, -1);
  return (
    `{"id":"${id}","eventId":${textOrNull(eventId)},"eventType":${JSON.stringify(eventType)},` +
    `"channels":${listOrNull(channels)},"tags":${listOrNull(tags)},"contentType":${JSON.stringify(contentType)},` +
    `"timestamp":"${dateTime(timestamp)}","deliverAt":${timeOrNull(deliverAt)},${order}` +
    `"expiresAt":${timeOrNull(message.deliverUntil)}${erased}${others === "" ? "" : ","}${others}`
  );
}

function textOrNull(text: string | null): string {
  return text === null ? "null" : JSON.stringify(text);
}

function listOrNull(names: readonly string[] | null): string {
  return names === null ? "null" : JSON.stringify(names);
}

function timeOrNull(ms: number | null): string {
  return ms === null ? "null" : `"${dateTime(ms)}"`;
}

function isJsonObject(text: string): boolean {
  if (!/^[\s]*\{/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

export function attemptFields(attempt: Attempt, { withContent }: MessageOptions): object {
  return {
    id: attempt.id,
    url: attempt.url,
    msgId: attempt.messageId,
    endpointId: attempt.endpointId,
    status: attempt.status,
    statusText: attempt.status === 0 ? "success" : "fail",
    triggerType: attempt.triggerType,
    response: withContent ? attempt.response : EMPTY,
    responseStatusCode: attempt.responseCode,
    responseDurationMs: attempt.durationMs,
    errorCode: attempt.errorCode,
    timestamp: dateTime(attempt.timestamp),
  };
}

export function attemptOut(attempt: Attempt, options: MessageOptions): object | JsonText {
  const fields = attemptFields(attempt, options);
  if (attempt.message === null) return fields;
  return JsonText.withMember(fields, "msg", messageOut(attempt.message, options).text);
}

export function taskOut({ id, state, kind, updatedAt }: Task): object {
  return { id, status: publicStatus(state), task: kind, updatedAt: dateTime(updatedAt) };
}

export function backgroundTaskOut(task: Task): object {
  return { ...taskOut(task), data: { messagesSent: task.data.messagesSent, ...task.data.shown } };
}
