/** Prepares a message to be stored: validates it, matches it with endpoints and assigns its id. */
import { POLLING_KIND } from "../../destinations/kinds.ts";
import { invalid, PosthornError } from "../../lib/errors.ts";
import { type GeneratedId, timeOfKey } from "../../lib/id.ts";
import { isImmediate } from "../../store/immediate.ts";
import type {
  AcceptEntry,
  Dues,
  EndpointFlowControl,
  ExactBody,
  FlowControl,
  IdempotencyKey,
  OrderKeys,
} from "../../store/store.ts";
import type { Job } from "../../store/delivery.ts";
import type { Context } from "../context.ts";
import type { DirectoryApplication } from "../directory.ts";
import { exactBodyOf } from "../redaction/exact-body.ts";
import type { Redaction, Redactor } from "../../redaction/redactor.ts";
import { orderKeyOf } from "../policy/order.ts";
import { matchEndpoints } from "./match.ts";
import type { Message } from "./message.ts";
import type { RequestFacts } from "./request.ts";

/** A message to publish, without its application. Times are Unix milliseconds. */
export interface Publication {
  readonly eventType: string;
  readonly eventId: string | null;
  readonly channels: readonly string[] | null;
  readonly tags: readonly string[] | null;
  /** Endpoints with ordered delivery receive messages of the same key in order. */
  readonly orderingKey: string | null;
  /** The exact bytes to store, sign and send. */
  readonly payload: Uint8Array;
  readonly contentType: string;
  /** 1 minute to 24 hours from now. */
  readonly deliverAt: number | null;
  /** Alternative to `deliverAt`: delay of the first attempts from now. */
  readonly delayMs: number | null;
  /** Time after which the message is no longer delivered. */
  readonly deliverUntil: number | null;
  /** Alternative to `deliverUntil`: how long the message may be delivered, from when the first attempts are due. */
  readonly ttlMs: number | null;
  /** How long the payload is kept; `null` for the server's default. */
  readonly retentionMs: number | null;
}

/** Request of a message that a provider sent. */
export interface Inbound {
  /** Stored form: see `request.ts`. */
  readonly requestJson: string;
  readonly request: RequestFacts;
}

/** Properties of messages that were not published through the API. */
export interface PrepareOptions {
  readonly inbound?: Inbound;
  /** Id that was assigned earlier; by default a new one. */
  readonly identity?: GeneratedId;
  /** Id that was made just now. */
  readonly made?: GeneratedId;
  /** Trace context of the publisher; absent or `null`: none. */
  readonly caller?: string | null | undefined;
  /** Context of the span that the message came with, which is stored with it; absent: it gets one for its publish. */
  readonly trace?: string | undefined;
}

/** A message ready for `store.accept`. */
export interface Prepared {
  readonly entry: AcceptEntry;
  readonly message: Message;
  /** Trace context of the publisher; `null`: none. */
  readonly caller: string | null;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Rejects messages that are invalid regardless of the state of the server. */
export function checkPublication(ctx: Context, input: Publication): void {
  const now = ctx.services.now();
  checkPayloadSize(ctx, input.payload);
  if (input.deliverAt !== null && input.delayMs !== null) {
    throw invalid("delaySeconds", "Set either deliverAt or delaySeconds, not both.");
  }
  if (input.deliverAt !== null && (input.deliverAt < now + MINUTE || input.deliverAt > now + DAY)) {
    throw invalid(
      "deliverAt",
      "`deliverAt` must be 1 minute to 24 hours from now. Use `delaySeconds` for shorter or longer delays.",
    );
  }
  if (input.deliverUntil !== null && input.ttlMs !== null) {
    throw invalid("ttlSeconds", "Set either expiresAt or ttlSeconds, not both.");
  }
  if (input.deliverUntil !== null && input.deliverUntil <= dueOf(input, now)) {
    throw invalid("expiresAt", "The message would expire before its first attempt is due.");
  }
}

/** Throws `payload_too_large` for a payload above the server's limit. */
export function checkPayloadSize({ services }: Pick<Context, "services">, payload: Uint8Array): void {
  const { maxPayloadBytes } = services.rules;
  if (payload.byteLength <= maxPayloadBytes) return;
  throw new PosthornError(
    "payload_too_large",
    `The payload has ${payload.byteLength} bytes; this server accepts up to ${maxPayloadBytes} (POSTHORN_MAX_PAYLOAD_BYTES).`,
  );
}

/**
 * Builds the row of a message and matches it with endpoints. Nothing may be awaited between this and `store.accept`: the statistics
 * rely on an assigned key being stored immediately or never.
 */
export function prepareMessage(
  ctx: Pick<Context, "services">,
  application: DirectoryApplication,
  input: Publication,
  idempotency: IdempotencyKey | null,
  { inbound, identity, made, caller = null, trace }: PrepareOptions = {},
): Prepared {
  const now = ctx.services.now();
  const { key, id } = identity ?? made ?? ctx.services.ids.next("msg_");
  const { eventType, eventId, channels, tags, payload, contentType } = input;
  const due = dueOf(input, now);
  const { endpointIds, unmatchedJson } = matchEndpoints(application, {
    ...input,
    id,
    time: identity === undefined ? now : timeOfKey(key),
    ...(inbound === undefined ? {} : { request: inbound.request }),
  });
  // Endpoints are matched with the exact payload.
  const redaction = application.redactor?.redact(payload, contentType, eventType) ?? null;
  const deliverAt = due === now ? null : due;
  const deliverUntil = input.ttlMs === null ? input.deliverUntil : due + input.ttlMs;
  const entry: AcceptEntry = {
    id: key,
    publicId: id,
    appId: application.key,
    eventType,
    eventId,
    channelsJson: channels === null ? null : JSON.stringify(channels),
    tagsJson: tags === null ? null : JSON.stringify(tags),
    payload: redaction === null ? payload : redaction.body,
    contentType,
    expiresAt: input.retentionMs === null ? null : due + input.retentionMs,
    deliverAt,
    orderingKey: input.orderingKey,
    unmatchedJson,
    requestJson: inbound?.requestJson ?? null,
    // Without a delay, a message is due at the time in its key, so that it stays before later messages if the clock is set back.
    due: deliverAt === null ? timeOfKey(key) : due,
    endpointIds,
    idempotency,
    deliverUntil,
    // Without OpenTelemetry on this server, passes on the trace context of the publisher.
    traceContext: trace ?? ctx.services.tracing?.publishing(key, caller) ?? caller,
    ...(identity === undefined ? {} : { hasEarlierKey: true }),
    ...(redaction === null ? {} : { exact: exactOf(ctx, { key, body: payload, endpointIds }, redaction) }),
  };
  const pulled = pulledOf(application, entry);
  const flowControl = flowControlOf(application, entry, now);
  const orderKeys = orderKeysOf(application, entry);
  const timestamp = timeOfKey(key);
  const stored = entry.payload;
  const message = { key, id, eventType, eventId, channels, tags, payload: stored, contentType, timestamp, deliverAt };
  const { orderingKey } = input;
  return {
    entry:
      flowControl === null && orderKeys === null && pulled === null
        ? entry
        : { ...entry, flowControl, orderKeys, pulled },
    message: { ...message, orderingKey, deliverUntil },
    caller,
  };
}

/** The exact body of a redacted message. Consumers that pull read the redacted payload. */
function exactOf(
  { services: { secretBox } }: Pick<Context, "services">,
  {
    key,
    body,
    endpointIds,
  }: { readonly key: number; readonly body: Uint8Array; readonly endpointIds: readonly number[] },
  redaction: Redaction,
): ExactBody {
  return exactBodyOf(secretBox, { key, body, isDelivered: endpointIds.length > 0 }, redaction);
}

/** The polling endpoints, whose deliveries succeed when they are stored; `null` if there is none. */
function pulledOf(application: DirectoryApplication, { endpointIds }: AcceptEntry): readonly number[] | null {
  const pulled = endpointIds.filter((key) => application.endpoints.get(key)?.destinationKind === POLLING_KIND);
  return pulled.length === 0 ? null : pulled;
}

/** Rules of the endpoints that debounce or throttle; `null` if none does. */
function flowControlOf(application: DirectoryApplication, entry: AcceptEntry, now: number): FlowControl | null {
  // Their keys are those of the exact payload.
  const keyed = entry.exact === undefined ? entry : { ...entry, payload: entry.exact!.body };
  const endpoints = entry.endpointIds.flatMap((key) => {
    const endpoint = application.endpoints.get(key);
    const rule = endpoint?.policy.flowControl ?? null;
    return rule === null || endpoint?.destinationKind === POLLING_KIND ? [] : [rule(key, keyed)];
  });
  if (endpoints.length === 0) return null;
  const { redactor } = application;
  return { now, endpoints: redactor === null ? endpoints : endpoints.map((rules) => withHashedKeys(rules, redactor)) };
}

/** Keys can be values of payloads, and are stored. */
function withHashedKeys({ debounce, throttle, ...rest }: EndpointFlowControl, redactor: Redactor): EndpointFlowControl {
  return {
    ...rest,
    debounce: debounce === null ? null : { ...debounce, key: redactor.hash(debounce.key) },
    throttle: throttle === null ? null : { ...throttle, key: redactor.hash(throttle.key) },
  };
}

/** Order keys at the endpoints with ordered delivery; `null` if none has it. */
function orderKeysOf(application: DirectoryApplication, { endpointIds, orderingKey }: AcceptEntry): OrderKeys | null {
  let ordered = false;
  const keys = endpointIds.map((endpointId) => {
    const policy = application.endpoints.get(endpointId)?.policy.lane.order ?? null;
    const key = policy === null ? null : orderKeyOf(policy, orderingKey);
    ordered ||= key !== null;
    return key;
  });
  return ordered ? keys : null;
}

/** Unused bytes that a view may keep in memory. */
const MAX_UNUSED_BYTES = 16 * 1024;

/**
 * Returns bytes that may be kept for long: a copy if they are a small part of a larger buffer that would otherwise stay in memory, such as the
 * body of a request, or the 64 KiB pool that Node takes small buffers from.
 */
export function ownBytes<T extends Uint8Array>(bytes: T): T | Buffer {
  if (bytes.buffer.byteLength - bytes.byteLength <= MAX_UNUSED_BYTES) return bytes;
  const copy = Buffer.allocUnsafeSlow(bytes.byteLength);
  copy.set(bytes);
  return copy;
}

/** First attempts of a stored message, for the dispatcher. */
export function firstJobs(entry: AcceptEntry, dues: Dues | null): Job[] {
  const { id: messageId, publicId, contentType, orderingKey, requestJson, deliverUntil = null, exact = null } = entry;
  // A job may wait for long, and must not keep the body of a whole batch in memory.
  const payload = ownBytes(exact === null ? entry.payload : exact.body);
  const { eventType, eventId, channelsJson, tagsJson, traceContext = null } = entry;
  const labels = { eventType, eventId, channelsJson, tagsJson };
  const jobs: Job[] = [];
  entry.endpointIds.forEach((endpointId, index) => {
    const due = dues === null ? entry.due : dues[index]!;
    if (due === null || entry.pulled?.includes(endpointId) === true) return;
    // Named one by one: many jobs wait for their attempt, and objects that are made by spreading others take more memory.
    const job: Job = {
      messageId,
      publicId,
      endpointId,
      due,
      attempts: 0,
      generation: 0,
      trigger: 0,
      contentType,
      orderingKey,
      requestJson,
      payload,
      labels,
      deliverUntil,
      firstDue: due,
      immediate: isImmediate(messageId, due),
      orderKey: entry.orderKeys?.[index] ?? null,
      traceContext,
    };
    jobs.push(exact === null ? job : { ...job, isRedacted: true, spans: exact.spans });
  });
  return jobs;
}

function dueOf({ deliverAt, delayMs }: Publication, now: number): number {
  return deliverAt ?? now + (delayMs ?? 0);
}

/** Refuses a message of an application whose deliveries exceed its share of `POSTHORN_MAX_BACKLOG`. */
export function admitMessage({ services }: Context, appId: number): void {
  if (!services.backlog.isFullFor(appId)) return;
  throw new PosthornError(
    "backlog_full",
    "Too many deliveries of this application are queued. The message was not stored. Try again later.",
  );
}
