import type { Kysely } from "kysely";
import { PosthornError } from "../../lib/errors.ts";
import type { Database } from "../../store/schema.ts";
import type { Application } from "../application/application.ts";
import { type Context, reader } from "../context.ts";
import { getMessage } from "./find.ts";
import { type MatchableMessage, matchableOf } from "./match.ts";

/** A message for a test: a stored one, or one given in the request. */
export type Sample =
  | { readonly kind: "stored"; /** Id or event id of the message. */ readonly message: string }
  | {
      readonly kind: "given";
      readonly eventType: string;
      readonly eventId: string | null;
      readonly channels: readonly string[] | null;
      readonly tags: readonly string[] | null;
      readonly payload: Uint8Array;
      readonly contentType: string;
    };

/** Id of a message given in the request. */
const GIVEN_ID = "msg_000000000000000000000000000";

/** Reads the message for a test. Throws `not_found`, or `missing_payload` if its payload was deleted or has expired. */
export async function readSample(
  ctx: Context,
  application: Pick<Application, "id"> | null,
  sample: Sample,
): Promise<MatchableMessage> {
  if (sample.kind === "given") {
    // The caller knows the payload: nothing that is stored is shown.
    ctx.audit?.unchanged();
    return { ...sample, id: GIVEN_ID, time: ctx.services.now() };
  }
  if (application === null) throw new PosthornError("not_found", "There is no such message.");
  const { message } = await getMessage({
    ctx,
    input: { app: application.id, message: sample.message, withContent: false },
  });
  const stored = await readStored(reader(ctx), message.key);
  if (stored === null) {
    throw new PosthornError("missing_payload", "The payload of this message was deleted or has expired.");
  }
  return stored;
}

/** Reads a message with its payload; `null` if either no longer exists. */
export async function readStored(db: Kysely<Database>, messageKey: number): Promise<MatchableMessage | null> {
  const row = await selectStored(db).where("id", "=", messageKey).executeTakeFirst();
  return row === undefined || row.payload === null ? null : matchableOf(row);
}

/** Reads several messages with their payloads, by key. Those that no longer exist are missing. */
export async function readAllStored(
  db: Kysely<Database>,
  messageKeys: readonly number[],
): Promise<ReadonlyMap<number, MatchableMessage>> {
  // A statement for each power of two, and not for each count, so that it stays prepared.
  const size = 2 ** Math.ceil(Math.log2(messageKeys.length));
  const padded = Array.from({ length: size }, (_, index) => messageKeys[Math.min(index, messageKeys.length - 1)]!);
  const rows = await selectStored(db).where("id", "in", padded).execute();
  return new Map(rows.flatMap((row) => (row.payload === null ? [] : [[row.id, matchableOf(row)]])));
}

function selectStored(db: Kysely<Database>) {
  return db
    .selectFrom("message")
    .select(["id", "public_id", "event_type", "event_id", "channels_json", "tags_json", "payload", "content_type"])
    .select("request_json");
}
