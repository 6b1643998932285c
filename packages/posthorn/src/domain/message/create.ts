import { invalid, notFound, PosthornError } from "../../errors.ts";
import { timeOfKey } from "../../id.ts";
import type { DueDelivery, IdempotencyKey } from "../../store/store.ts";
import type { ApplicationInput } from "../application/application.ts";
import { insertApplication } from "../application/create.ts";
import { type Call, type Context } from "../context.ts";
import type { DirectoryApplication } from "../directory.ts";
import { storedMessage } from "./find.ts";
import { matchEndpoints } from "./match.ts";
import type { Message } from "./message.ts";

export interface CreateMessage {
  /** Id or uid of the application. */
  readonly app: string;
  /** Created with the message when there is no application with the uid `app`. */
  readonly application: ApplicationInput | null;
  readonly eventType: string;
  readonly eventId: string | null;
  readonly channels: readonly string[] | null;
  readonly tags: readonly string[] | null;
  /** The exact bytes to store, sign and send. */
  readonly payload: Uint8Array;
  readonly contentType: string;
  /** Unix milliseconds. */
  readonly deliverAt: number | null;
  /** How long the payload is kept; `null` for the default of the server. */
  readonly retentionMs: number | null;
  readonly idempotency: IdempotencyKey | null;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Stores a message with the deliveries it is owed, and starts them. Resolves when both are on disk. */
export async function createMessage({ ctx, input }: Call<CreateMessage>): Promise<Message> {
  const now = ctx.services.now();
  checkLimits(ctx, input, now);
  const application = await findOrCreateApplication(ctx, input);
  const { key, id } = ctx.services.ids.next("msg_");
  const { endpointIds, unmatchedJson } = matchEndpoints(application, { ...input, id, time: now });
  const due = input.deliverAt ?? now;
  const result = await ctx.services.store.accept({
    id: key,
    publicId: id,
    appId: application.key,
    eventType: input.eventType,
    eventId: input.eventId,
    channelsJson: input.channels === null ? null : JSON.stringify(input.channels),
    tagsJson: input.tags === null ? null : JSON.stringify(input.tags),
    payload: input.payload,
    contentType: input.contentType,
    expiresAt: input.retentionMs === null ? null : due + input.retentionMs,
    deliverAt: input.deliverAt,
    orderingKey: null,
    unmatchedJson,
    requestJson: null,
    due,
    endpointIds,
    idempotency: input.idempotency,
  });
  switch (result.kind) {
    case "replayed":
      return storedMessage(ctx, result.messageId);
    case "duplicate_event_id":
      throw new PosthornError("conflict", `This application has a message with the eventId "${input.eventId}".`);
    case "stored":
      ctx.services.dispatch.push(endpointIds.map((endpointId) => firstJob(key, id, endpointId, due, input)));
  }
  const { eventType, eventId, channels, tags, payload, contentType, deliverAt } = input;
  return { key, id, eventType, eventId, channels, tags, payload, contentType, timestamp: timeOfKey(key), deliverAt };
}

function checkLimits(ctx: Context, input: CreateMessage, now: number): void {
  const { maxPayloadBytes } = ctx.services.rules;
  if (input.payload.byteLength > maxPayloadBytes) {
    throw new PosthornError(
      "payload_too_large",
      `The payload has ${input.payload.byteLength} bytes; this server takes ${maxPayloadBytes} (POSTHORN_MAX_PAYLOAD_BYTES).`,
    );
  }
  if (input.deliverAt !== null && (input.deliverAt < now + MINUTE || input.deliverAt > now + DAY)) {
    throw invalid("deliverAt", "A delivery can be put off by 1 minute to 24 hours.");
  }
}

async function findOrCreateApplication(ctx: Context, input: CreateMessage): Promise<DirectoryApplication> {
  const { directory } = ctx.services;
  const found = await directory.find(ctx.actor.orgId, input.app);
  if (found !== null) return found;
  if (input.application === null) throw notFound("application");
  const { uid } = input.application;
  if (uid === null) {
    throw invalid(
      ["body", "application", "uid"],
      "An application made with its message needs a uid.",
      "application_uid_missing",
    );
  }
  if (uid !== input.app) {
    throw invalid(
      ["body", "application", "uid"],
      `The uid must be the one in the path, "${input.app}".`,
      "application_uid_mismatch",
    );
  }
  try {
    await insertApplication(ctx, input.application);
  } catch (error) {
    // Two first messages at once: one of them makes the application, both use it.
    if (!(error instanceof PosthornError && error.code === "conflict")) throw error;
  }
  const created = await directory.find(ctx.actor.orgId, input.app);
  if (created === null) throw notFound("application");
  return created;
}

function firstJob(
  messageId: number,
  publicId: string,
  endpointId: number,
  due: number,
  input: CreateMessage,
): DueDelivery {
  const { contentType, payload } = input;
  const fresh = { attempts: 0, generation: 0, trigger: 0, orderingKey: null, requestJson: null } as const;
  return { ...fresh, messageId, publicId, endpointId, due, contentType, payload };
}
