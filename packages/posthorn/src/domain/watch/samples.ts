/** Reads the messages that watches evaluate. */
import type { Kysely } from "kysely";
import type { SampleMessage } from "../../conditions/readings.ts";
import { timeOfKey } from "../../lib/id.ts";
import type { Database } from "../../store/schema.ts";
import type { Message } from "../message/message.ts";
import { requestOf } from "../message/request.ts";
import { MAX_CHAIN } from "./watch.ts";

/** A stored message that is evaluated. */
export interface StoredSample {
  readonly message: Message;
  readonly sample: SampleMessage;
  /** Number of chained watches whose events led to it; 0 for any other message. */
  readonly depth: number;
  /** The watch whose event it is; `null`: of none. */
  readonly watchKey: number | null;
}

const NO_BODY = new Uint8Array();

/** Loads what conditions can see of these messages, in their order. */
export async function loadSamples(
  db: Kysely<Database>,
  messages: readonly Message[],
): Promise<readonly StoredSample[]> {
  if (messages.length === 0) return [];
  const keys = messages.map(({ key }) => key);
  const [rows, events] = await Promise.all([
    db.selectFrom("message").select(["id", "payload", "request_json"]).where("id", "in", keys).execute(),
    db.selectFrom("watch_event").select(["message_id", "watch_id", "depth"]).where("message_id", "in", keys).execute(),
  ]);
  const contents = new Map(rows.map((row) => [row.id, row]));
  const origins = new Map(events.map((row) => [row.message_id, row]));
  return messages.map((message) => {
    const content = contents.get(message.key);
    const origin = origins.get(message.key);
    const request = content?.request_json ?? null;
    const { id, eventId, eventType, timestamp: time, channels, tags } = message;
    const facts = { id, eventId, eventType, time, channels, tags, ...(request === null ? {} : requestOf(request)) };
    return {
      message,
      sample: { body: content?.payload ?? NO_BODY, contentType: message.contentType, facts },
      depth: origin?.depth ?? 0,
      watchKey: origin?.watch_id ?? null,
    };
  });
}

/** Whether a watch evaluates the message: not its own events, and not those at the end of a chain of watches. */
export function isEvaluated({ watchKey, depth }: StoredSample, key: number): boolean {
  return watchKey !== key && depth < MAX_CHAIN;
}

/** Largest message that is included in the event of a transition. */
const MAX_INCLUDED = 16_384;

/** The message that caused a transition, as it is included in the event. */
export interface Cause {
  readonly id: string;
  readonly eventType: string;
  readonly timestamp: number;
  /** `null`: it is too large, or was deleted. */
  readonly body: Uint8Array | null;
}

export function causeOf({ message, sample }: StoredSample): Cause {
  const { id, eventType, timestamp } = message;
  return { id, eventType, timestamp, body: sample.body.byteLength > MAX_INCLUDED ? null : sample.body };
}

/** The messages with these keys, for transitions that timers cause. */
export async function loadCauses(db: Kysely<Database>, keys: readonly number[]): Promise<ReadonlyMap<number, Cause>> {
  if (keys.length === 0) return new Map();
  const rows = await db
    .selectFrom("message")
    .select((eb) => [
      "id",
      "public_id",
      "event_type",
      eb
        .case()
        .when(eb.fn<number>("length", ["payload"]), "<=", MAX_INCLUDED)
        .then(eb.ref("payload"))
        .end()
        .as("body"),
    ])
    .where("id", "in", keys)
    .execute();
  return new Map(
    rows.map(({ id, public_id, event_type, body }) => [
      id,
      { id: public_id, eventType: event_type, timestamp: timeOfKey(id), body },
    ]),
  );
}
