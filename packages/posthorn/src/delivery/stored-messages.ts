/** Messages for attempts that need more of them than their body: that of the job in memory, or else the stored one. */
import type { Kysely } from "kysely";
import { matchableOf, type MatchableMessage } from "../domain/message/match.ts";
import { readAllStored } from "../domain/message/sample.ts";
import { Coalescer } from "../lib/coalescer.ts";
import type { Job } from "../store/delivery.ts";
import type { Database } from "../store/schema.ts";

const LIMITS = { items: 64, bytes: 4 * 1024 * 1024, requests: 2 } as const;

export class StoredMessages {
  readonly #reads: Coalescer<number, MatchableMessage | null>;

  /** Requests that arrive while a query is in flight share the next one. */
  constructor(db: Kysely<Database>) {
    this.#reads = new Coalescer(LIMITS, async (keys) => {
      const found = await readAllStored(db, keys);
      return keys.map((key) => found.get(key) ?? null);
    });
  }

  /** The message of a job with its payload as stored; `null` if either no longer exists. */
  async read(job: Job): Promise<MatchableMessage | null> {
    return messageOf(job) ?? this.#reads.add(job.messageId, job.bytes ?? 0);
  }
}

/** The message as the job has it; `null`: parts of it are missing. A redacted message is read, because its job has the exact payload. */
export function messageOf(job: Job): MatchableMessage | null {
  const { messageId, publicId, labels, payload, contentType, requestJson, isRedacted } = job;
  if (payload === null || labels === undefined || isRedacted === true) return null;
  return matchableOf({
    id: messageId,
    public_id: publicId,
    event_type: labels.eventType,
    event_id: labels.eventId,
    channels_json: labels.channelsJson,
    tags_json: labels.tagsJson,
    payload,
    content_type: contentType,
    request_json: requestJson,
  });
}
