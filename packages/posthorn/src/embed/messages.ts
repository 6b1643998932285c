/** Publishes messages within the process, optionally in a transaction of the host application. */
import type * as types from "./types.ts";
import { createMessage, publicationOf } from "../api/message/create.ts";
import { getMessage } from "../api/message/get.ts";
import { listMessages } from "../api/message/list.ts";
import { applicationInput } from "../api/inputs.ts";
import { MessageIn as MessageModel } from "../api/models/message.ts";
import { bodyValidator } from "../api/validation.ts";
import { messageOut } from "../api/wire.ts";
import type { Static } from "typebox";
import type { Context } from "../domain/context.ts";
import { findOrCreateApplication } from "../domain/message/create.ts";
import { checkPublication, type Publication } from "../domain/message/prepare.ts";
import { PosthornError } from "../lib/errors.ts";
import { keyOfId, timeOfKey } from "../lib/id.ts";
import { type Caller, type CallOptions, jsonBody } from "./call.ts";
import { publishOn } from "./publish.ts";
import { type HostTransaction, statementsOn } from "./transaction.ts";

export interface PublishOptions extends CallOptions {
  /**
   * Your transaction on the same PostgreSQL database. The message becomes part of it: it is sent right after the commit, and never after a
   * rollback. Pass the transaction object of `pg`, `postgres`, Kysely, Drizzle, Prisma or Knex, or a function that sends one statement.
   */
  readonly tx?: HostTransaction;
}

type Wire = Static<typeof MessageModel>;

const checkMessage = bodyValidator(MessageModel);

/** Validates a message as the HTTP API does. Throws a `ValidationError` if it is invalid. */
export function readMessage(message: types.MessageIn): { readonly wire: Wire; readonly publication: Publication } {
  const { raw, value } = jsonBody(toWire(message));
  checkMessage(value);
  const wire = value as Wire;
  return { wire, publication: publicationOf(wire, raw) };
}

/** Converts a message to the API's format. Bytes become its raw payload. */
function toWire({ payload, contentType = "application/json", ...rest }: types.MessageIn): object {
  if (!(payload instanceof Uint8Array)) return { ...rest, payload };
  const rawPayload = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString("base64");
  const headers = { "content-type": contentType };
  return { ...rest, transformationsParams: { rawPayload, rawPayloadEncoding: "base64", headers } };
}

/** The API model of a message that was published with this id. */
export function publishedMessage(id: string, publication: Publication): types.MessageOut {
  const key = keyOfId("msg_", id)!;
  const timestamp = timeOfKey(key);
  const { deliverAt, delayMs, deliverUntil, ttlMs } = publication;
  const due = deliverAt ?? (delayMs === null ? null : timestamp + delayMs);
  const until = deliverUntil ?? (ttlMs === null ? null : (due ?? timestamp) + ttlMs);
  const message = { ...publication, key, id, timestamp, deliverAt: due, deliverUntil: until };
  return JSON.parse(messageOut(message, { withContent: true }).text) as types.MessageOut;
}

/** Operations on messages. `ctx` must be the context of the organisation. */
export function messageVerbs(on: Caller, ctx: Context, onPostgres: boolean) {
  const [create, get, list] = [on(createMessage), on(getMessage), on(listMessages)];
  type Out = Promise<types.MessageOut>;
  return {
    /** Resolves when the message and its deliveries are on disk or, with `tx`, when the message is part of that transaction. */
    create: (appId: string, message: types.MessageIn, { tx, ...options }: PublishOptions = {}): Out =>
      tx === undefined
        ? create({ path: [appId], body: toWire(message), ...options })
        : createIn({ ctx, onPostgres, tx }, appId, message, options),
    get: (appId: string, messageId: string): Out => get({ path: [appId, messageId] }),
    list: (appId: string, query?: Omit<types.PageOptions, "order">): Promise<types.Page<types.MessageOut>> =>
      list({ path: [appId], query }),
  };
}

interface TransactionalOptions {
  readonly idempotencyKey?: string | null;
  readonly traceparent?: string | null;
}

interface Within {
  readonly ctx: Context;
  readonly onPostgres: boolean;
  readonly tx: HostTransaction;
}

/** Validates everything before it uses the transaction, because an SQL error would abort the transaction. */
async function createIn(
  { ctx, onPostgres, tx }: Within,
  appId: string,
  message: types.MessageIn,
  { idempotencyKey = null, traceparent = null }: TransactionalOptions,
): Promise<types.MessageOut> {
  if (!onPostgres) {
    throw new PosthornError(
      "not_supported",
      "tx requires Posthorn on PostgreSQL, in the same database as the transaction.",
    );
  }
  const send = statementsOn(tx);
  const { wire, publication } = readMessage(message);
  checkPublication(ctx, publication);
  const application = wire.application ? applicationInput(wire.application) : null;
  const { id: app } = await findOrCreateApplication(ctx, { app: appId, application });
  const id = await publishOn(send, { app, organisation: null, publication, idempotencyKey, traceparent });
  return publishedMessage(id, publication);
}
