import { digest } from "../crypto/digest.ts";
import { encodeHex } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import type { WebhookRequest } from "../request.ts";
import type { EventMap, EventOf, ReceivedEvent } from "./event.ts";
import { errorReply, failureReply, type WebhookReply } from "./reply.ts";
import type { EventSchemas, SchemaIssue, SchemaOutputs, StandardSchema } from "./schema.ts";
import type { SourceAction, SourceEvent, SourceResult, WebhookSource } from "./source.ts";
import { type DeliveryStore, memoryStore } from "./store.ts";

/** A rejected request or a failure while receiving, for logs and metrics. */
export interface ReceiverFailure {
  /**
   * `rejected`: the request was refused, which alone is not a reason for an alert. `handler`: the handler threw, and
   * the sender may retry the delivery. `store`: the store failed, and the sender was asked to retry.
   */
  readonly stage: "rejected" | "handler" | "store";
  /** A {@link WebhookError} for `rejected`; otherwise whatever was thrown. */
  readonly error: unknown;
  /** The request that failed. Its body is empty when it could not be read. */
  readonly request: WebhookRequest;
}

/** Settings that do not depend on event types. */
export interface ReceiverSettings {
  /** Verifies requests: {@link standardWebhooks}, {@link providerWebhooks}, or your own source. */
  readonly source: WebhookSource;
  /**
   * When to respond to the sender.
   *
   * - `after` (the default): after the handler has finished, so the sender retries a failure.
   * - `before`: as soon as the delivery is claimed. A crash while the handler runs then loses the event, so the
   *   handler should first put it on a queue.
   * - a number: after that many milliseconds with 202 if the handler is still running.
   */
  readonly acknowledge?: "after" | "before" | number;
  /** Where deliveries are remembered. Defaults to {@link memoryStore}; `null` disables deduplication. */
  readonly store?: DeliveryStore | null;
  /**
   * How long a finished delivery is remembered, in seconds. Must be longer than the sender retries. Defaults to
   * 259,200 (3 days).
   */
  readonly rememberSeconds?: number;
  /**
   * How long a delivery stays claimed when its process crashes, in seconds. Must be longer than the handler takes.
   * Defaults to 60.
   */
  readonly claimSeconds?: number;
  /**
   * Rejects a signed body that arrives again under another delivery ID. On by default when the ID is in a header that
   * the signature does not cover (as with GitHub). Turn it off when the sender legitimately repeats identical bodies.
   */
  readonly rejectReplays?: boolean;
  /**
   * Performs what a handshake requires besides a response: confirm a subscription (AWS SNS) or store a secret (Asana,
   * Notion). The response waits for it. Without this function, such a handshake is rejected with `config_missing`.
   */
  readonly onHandshake?: (action: SourceAction, request: WebhookRequest) => unknown;
  /** Called for each rejected request and each failure. Must not throw. */
  readonly onError?: (failure: ReceiverFailure) => void;
  /** Waits the given number of milliseconds, for a numeric `acknowledge`. Defaults to a timer. */
  readonly delay?: (milliseconds: number) => Promise<void>;
}

/** Settings with event types that are known to the compiler but not validated at run time. */
export interface ReceiverOptions<Events extends EventMap> extends ReceiverSettings {
  /** Processes an event. Events of other types arrive too, so a `switch` needs a default branch. */
  readonly handle: (event: EventOf<Events>) => unknown;
}

/** Settings with a schema per event type. Payloads are validated before the handler runs. */
export interface ValidatingReceiverOptions<Schemas extends EventSchemas> extends ReceiverSettings {
  /** A schema for the whole payload of each event type. */
  readonly events: Schemas;
  /** Event types without a schema: `ignore` (the default) accepts and drops the event, `reject` responds with 422. */
  readonly unknownEvents?: "ignore" | "reject";
  /** Processes an event whose payload has been validated. */
  readonly handle: (event: EventOf<SchemaOutputs<Schemas>>) => unknown;
}

/** Functions of the runtime besides request and response. */
export interface ReceiveContext {
  /** Keeps the process alive for work that continues after the response, as in Cloudflare Workers. */
  readonly waitUntil?: (work: Promise<unknown>) => void;
}

/**
 * Receives requests: verifies them, answers handshakes, drops duplicates, runs the handler and creates the response.
 * Created by {@link createReceiver}; adapters connect it to a framework.
 */
export interface WebhookReceiver {
  /** Returns the response to send. Never rejects: every failure becomes a response and is passed to `onError`. */
  readonly receive: (request: WebhookRequest, context?: ReceiveContext) => Promise<WebhookReply>;
  /** Returns the response for a request whose body could not be read. Used by adapters. */
  readonly refuse: (error: WebhookError, request: WebhookRequest) => WebhookReply;
}

const CLAIMED = "claimed";
const DONE = "done";

type EventResult = Extract<SourceResult, { readonly kind: "event" }>;

/**
 * Creates a receiver. Pass schemas as `events`, or name the payload types: `createReceiver<{ "invoice.paid": Invoice
 * }>`.
 *
 * Delivery remains at least once. A delivery is marked as done only after its handler has succeeded; a failed
 * delivery can be retried by the sender; a duplicate that arrives while the first request is still being handled gets
 * 409, so that the sender tries again.
 *
 * @param options Source, handler, and settings for responses and deduplication.
 * @returns A receiver for an adapter such as `fetchHandler`, `nodeHandler` or `expressHandler`.
 *
 * @example
 *
 * ```ts
 * import { sign } from "@posthorn/webhooks";
 * import { createReceiver, standardWebhooks } from "@posthorn/webhooks/receiver";
 *
 * const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
 * const receiver = createReceiver<{ "invoice.paid": { data: { amount: number } } }>({
 *   source: standardWebhooks(secret),
 *   handle(event) {
 *     if (event.type === "invoice.paid") console.log(event.payload.data.amount); // 250
 *   },
 * });
 *
 * const body = '{"type":"invoice.paid","data":{"amount":250}}';
 * const headers = await sign({ id: "msg_1", body }, secret);
 * const url = "https://receiver.example/webhooks";
 * const reply = await receiver.receive({ method: "POST", url, headers, body: new TextEncoder().encode(body) });
 * console.log(reply.status); // 200
 * ```
 */
export function createReceiver<Schemas extends EventSchemas>(
  options: ValidatingReceiverOptions<Schemas>,
): WebhookReceiver;
export function createReceiver<Events extends EventMap = Readonly<Record<string, unknown>>>(
  options: ReceiverOptions<Events>,
): WebhookReceiver;
export function createReceiver(
  options: ReceiverSettings & {
    readonly events?: EventSchemas;
    readonly unknownEvents?: "ignore" | "reject";
    // The overloads tie the handler's event type to the map; the implementation accepts any event.
    readonly handle: (event: never) => unknown;
  },
): WebhookReceiver {
  const { source, events, store = memoryStore() } = options;
  const handle = options.handle as (event: ReceivedEvent) => unknown;
  const fail = (stage: ReceiverFailure["stage"], error: unknown, request: WebhookRequest) =>
    options.onError?.({ stage, error, request });
  const refuse = (error: WebhookError, request: WebhookRequest): WebhookReply => {
    fail("rejected", error, request);
    return errorReply(error);
  };

  const accept = async (
    result: EventResult,
    request: WebhookRequest,
    context: ReceiveContext,
  ): Promise<WebhookReply> => {
    const event = await typed(result.event, events, options.unknownEvents ?? "ignore");
    if (event === undefined) return result.reply;
    const claim = store === null ? undefined : await claimDelivery(store, result, request, options);
    if (claim !== undefined && claim !== "new") return claim === "duplicate" ? result.reply : busyReply();
    const work = runHandler(() => handle({ ...event, verified: result.verified, request }), store, result, options);
    const reported = work.catch((error: unknown) => {
      fail("handler", error, request);
      throw error;
    });
    return acknowledge(reported, result.reply, options, context);
  };

  return {
    refuse,
    async receive(request, context = {}) {
      try {
        const result = await source.receive(request);
        if (result.kind === "handshake") {
          if (result.action !== undefined) await act(result.action, request, options);
          return result.reply;
        }
        if (result.kind === "event") return await accept(result, request, context);
        fail("rejected", result.error, request);
        return result.reply;
      } catch (error) {
        if (error instanceof WebhookError) return refuse(error, request);
        // Only the caller's own code can throw here (store, schema, source, onHandshake): ask the sender to retry.
        fail("store", error, request);
        return failureReply(503, "unavailable", { "retry-after": "30" });
      }
    },
  };
}

async function act(action: SourceAction, request: WebhookRequest, { onHandshake }: ReceiverSettings): Promise<void> {
  if (onHandshake !== undefined) await onHandshake(action, request);
  else {
    const what = action.kind === "fetch" ? "a URL to be fetched" : "a secret to be stored";
    throw new WebhookError("config_missing", `This handshake requires ${what}. Pass onHandshake to the receiver.`);
  }
}

async function typed(
  event: SourceEvent,
  schemas: EventSchemas | undefined,
  unknownEvents: "ignore" | "reject",
): Promise<SourceEvent | undefined> {
  if (schemas === undefined) return event;
  const schema: StandardSchema | undefined = Object.hasOwn(schemas, event.type) ? schemas[event.type] : undefined;
  if (schema === undefined) {
    if (unknownEvents === "ignore") return undefined;
    throw new WebhookError("event_invalid", "This receiver has no schema for the type of the event.", {
      field: "type",
    });
  }
  const result = await schema["~standard"].validate(event.payload);
  if (result.issues === undefined) return { ...event, payload: result.value };
  const field = pathOf(result.issues[0]);
  throw new WebhookError(
    "event_invalid",
    `The payload does not match the schema of its event type${field === "" ? "" : `; the first mismatch is at ${field}`}.`,
    field === "" ? {} : { field },
    { cause: result.issues },
  );
}

function pathOf(issue: SchemaIssue | undefined): string {
  return (issue?.path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".");
}

/** Claims a delivery for this process, or reports that it is done or being handled elsewhere. */
async function claimDelivery(
  store: DeliveryStore,
  result: EventResult,
  request: WebhookRequest,
  options: ReceiverSettings,
): Promise<"new" | "duplicate" | "busy"> {
  const { deduplicationKey: key, idUnsigned } = result;
  if (!(await store.setIfAbsent(key, CLAIMED, options.claimSeconds ?? 60))) {
    return (await store.get(key)) === DONE ? "duplicate" : "busy";
  }
  if ((options.rejectReplays ?? idUnsigned) && request.body.length > 0) {
    const replay = await isReplay(store, result, request, options);
    if (replay) {
      await store.delete(key);
      throw new WebhookError("replayed", "The same signed body was received before under another delivery ID.");
    }
  }
  return "new";
}

async function isReplay(
  store: DeliveryStore,
  { deduplicationKey, verified }: EventResult,
  request: WebhookRequest,
  options: ReceiverSettings,
): Promise<boolean> {
  const hash = await digest("sha256", [`${verified.signedAt?.getTime() ?? ""}\n`, request.body]);
  const key = `${options.source.name}:body:${encodeHex(hash)}`;
  if (await store.setIfAbsent(key, deduplicationKey, rememberSeconds(options))) return false;
  const known = await store.get(key);
  return known !== deduplicationKey && known !== undefined && known !== null;
}

/** Runs the handler. Success marks the delivery as done; failure releases it for the sender's retry. */
async function runHandler(
  handle: () => unknown,
  store: DeliveryStore | null,
  { deduplicationKey }: EventResult,
  options: ReceiverSettings,
): Promise<void> {
  try {
    await handle();
  } catch (error) {
    await store?.delete(deduplicationKey);
    throw error;
  }
  await store?.set(deduplicationKey, DONE, rememberSeconds(options));
}

async function acknowledge(
  work: Promise<void>,
  reply: WebhookReply,
  options: ReceiverSettings,
  context: ReceiveContext,
): Promise<WebhookReply> {
  const mode = options.acknowledge ?? "after";
  const outcome = work.then(
    () => reply,
    () => failureReply(500, "handler_failed"),
  );
  if (mode === "after") return outcome;
  // Register the work before responding: a platform may stop the process once the response is sent.
  context.waitUntil?.(outcome);
  if (mode === "before") return reply;
  const delay = options.delay ?? ((ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms)));
  const slow = delay(mode).then((): WebhookReply => ({ status: 202, headers: {}, body: "" }));
  return Promise.race([outcome, slow]);
}

function rememberSeconds(options: ReceiverSettings): number {
  return options.rememberSeconds ?? 259_200;
}

function busyReply(): WebhookReply {
  return failureReply(409, "in_progress", { "retry-after": "30" });
}
