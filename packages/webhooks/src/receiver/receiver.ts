import { digest } from "../crypto/digest.ts";
import { encodeHex } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import type { WebhookRequest } from "../request.ts";
import type { EventMap, EventOf, ReceivedEvent } from "./event.ts";
import { errorReply, failureReply, type WebhookReply } from "./reply.ts";
import type { EventSchemas, SchemaIssue, SchemaOutputs, StandardSchema } from "./schema.ts";
import type { SourceAction, SourceEvent, SourceResult, WebhookSource } from "./source.ts";
import { type DeliveryStore, memoryStore } from "./store.ts";

/** What went wrong while receiving, for logs and metrics. */
export interface ReceiverFailure {
  /**
   * `rejected`: the request was refused and is not worth an alarm by itself. `handler`: the handler threw, the delivery
   * is free to be retried. `store`: the store failed, the sender was asked to retry.
   */
  readonly stage: "rejected" | "handler" | "store";
  /** A {@link WebhookError} for `rejected`, whatever was thrown otherwise. */
  readonly error: unknown;
  readonly request: WebhookRequest;
}

/** What does not depend on the types of events. */
export interface ReceiverSettings {
  readonly source: WebhookSource;
  /**
   * When to answer the sender. `after`, the default: when the handler is done, so that a failure is retried by the
   * sender. `before`: as soon as the delivery is claimed; a crash while the handler works then loses it, so hand it to a
   * queue first thing. A number: after that many milliseconds with 202 if the handler still works.
   */
  readonly acknowledge?: "after" | "before" | number;
  /** Where deliveries are remembered. Defaults to {@link memoryStore}; `null` turns deduplication off. */
  readonly store?: DeliveryStore | null;
  /** How long a finished delivery is remembered: longer than the sender retries. Defaults to 3 days. */
  readonly rememberSeconds?: number;
  /** How long a delivery stays claimed when its process dies: longer than the handler takes. Defaults to 60. */
  readonly claimSeconds?: number;
  /**
   * Refuses a signed body that comes again under another id. On by default where the id stands in a header that the
   * signature does not cover (GitHub's, for one); turn it off when the sender repeats bodies byte by byte.
   */
  readonly rejectReplays?: boolean;
  /**
   * Does what a handshake asks for beyond an answer: confirm a subscription (AWS SNS), keep a secret (Asana, Notion). The
   * answer waits for it. Without this, such a handshake is refused with `config_missing`.
   */
  readonly onHandshake?: (action: SourceAction, request: WebhookRequest) => unknown;
  /** Told of each refusal and failure. Must not throw. */
  readonly onError?: (failure: ReceiverFailure) => void;
  /** Waits, for `acknowledge` in milliseconds. Defaults to a timer. */
  readonly delay?: (milliseconds: number) => Promise<void>;
}

/** Settings with event types that the compiler knows and nothing checks. */
export interface ReceiverOptions<Events extends EventMap> extends ReceiverSettings {
  /** Acts on an event. Types outside the map arrive too: give a `switch` a default branch. */
  readonly handle: (event: EventOf<Events>) => unknown;
}

/** Settings with a schema for each event type: payloads are validated before the handler sees them. */
export interface ValidatingReceiverOptions<Schemas extends EventSchemas> extends ReceiverSettings {
  readonly events: Schemas;
  /** What to do with a type that has no schema: `ignore` (the default) accepts and drops it, `reject` answers 422. */
  readonly unknownEvents?: "ignore" | "reject";
  readonly handle: (event: EventOf<SchemaOutputs<Schemas>>) => unknown;
}

/** What the runtime offers beside request and response. */
export interface ReceiveContext {
  /** Keeps the process alive for work that goes on after the answer, as on workers. */
  readonly waitUntil?: (work: Promise<unknown>) => void;
}

/** Takes in requests: verify, answer handshakes, drop duplicates, run the handler, answer. */
export interface WebhookReceiver {
  /** The answer to send. Never rejects: every failure becomes an answer, and goes to `onError`. */
  readonly receive: (request: WebhookRequest, context?: ReceiveContext) => Promise<WebhookReply>;
  /** Answers for a request whose body could not be had; adapters use it. */
  readonly refuse: (error: WebhookError, request: WebhookRequest) => WebhookReply;
}

const CLAIMED = "claimed";
const DONE = "done";

type EventResult = Extract<SourceResult, { readonly kind: "event" }>;

/**
 * Makes a receiver. Give it schemas as `events`, or name an event map: `createReceiver<{ "invoice.paid": Invoice }>`.
 *
 * At-least-once stays at-least-once: a delivery is marked as done only when the handler is, a failed one is free for the
 * sender's retry, and a duplicate that comes while the first is being handled is answered 409 so that it comes again.
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
    // The overloads tie the handler's event to the map; here any event will do.
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
        // Only what the caller brought can throw here (store, schema, source, onHandshake): ask the sender to come again.
        fail("store", error, request);
        return failureReply(503, "unavailable", { "retry-after": "30" });
      }
    },
  };
}

async function act(action: SourceAction, request: WebhookRequest, { onHandshake }: ReceiverSettings): Promise<void> {
  if (onHandshake !== undefined) await onHandshake(action, request);
  else {
    const what = action.kind === "fetch" ? "an address to be fetched" : "a secret to be kept";
    throw new WebhookError("config_missing", `This handshake asks for ${what}. Pass onHandshake to the receiver.`);
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
    throw new WebhookError("event_invalid", "This receiver has no schema for the event's type.", { field: "type" });
  }
  const result = await schema["~standard"].validate(event.payload);
  if (result.issues === undefined) return { ...event, payload: result.value };
  const field = pathOf(result.issues[0]);
  throw new WebhookError(
    "event_invalid",
    `The payload does not fit the schema of its event type${field === "" ? "" : `, first at ${field}`}.`,
    field === "" ? {} : { field },
    { cause: result.issues },
  );
}

function pathOf(issue: SchemaIssue | undefined): string {
  return (issue?.path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".");
}

/** Claims a delivery for this process, or says that it is done or in someone's hands. */
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
      throw new WebhookError("replayed", "The same signed body was received before under another delivery id.");
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

/** Runs the handler; success marks the delivery as done, failure frees it for the sender's retry. */
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
  // The work is kept alive from the start: a platform may stop the process once the answer is out.
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
