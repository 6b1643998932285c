/** Reads stored messages for attempts. Requests that arrive while a query is in flight share the next one. */
import type { Kysely } from "kysely";
import type { MatchableMessage } from "../domain/message/match.ts";
import { readAllStored } from "../domain/message/sample.ts";
import { Coalescer } from "../lib/coalescer.ts";
import type { Database } from "../store/schema.ts";

const LIMITS = { items: 64, bytes: 4 * 1024 * 1024, requests: 2 } as const;

export class StoredMessages {
  readonly #reads: Coalescer<number, MatchableMessage | null>;

  constructor(db: Kysely<Database>) {
    this.#reads = new Coalescer(LIMITS, async (keys) => {
      const found = await readAllStored(db, keys);
      return keys.map((key) => found.get(key) ?? null);
    });
  }

  /**
   * The message with its payload; `null` if either no longer exists.
   * @param bytes Size of the payload; 0: not known.
   */
  read(messageKey: number, bytes: number): Promise<MatchableMessage | null> {
    return this.#reads.add(messageKey, bytes);
  }
}
