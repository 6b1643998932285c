/**
 * Watermark of an endpoint: the position up to which it has received all events, or Posthorn has ended their deliveries. A client that
 * continues there misses nothing, in whatever order its events arrived.
 */
import type { Kysely } from "kysely";
import { boundedCache } from "../../lib/bounded-cache.ts";
import { keyOfId } from "../../lib/id.ts";
import type { Database } from "../../store/schema.ts";
import { encodeCursor, type Position } from "./position.ts";

/** The first deliveries that have not ended, at some time. */
interface Pending {
  readonly appKey: number;
  /** Keys of their messages, the oldest two. */
  readonly first: readonly number[];
  /** All messages before this key were known. */
  readonly horizon: number;
  /** A watermark only moves forward, so that an older one is correct. */
  readonly freshUntil: number;
}

export interface WatermarkSources {
  readonly db: () => Kysely<Database>;
  /** Exclusive end of the messages that are known to be complete. */
  readonly horizon: () => Promise<number>;
  /** Unix milliseconds. */
  readonly now: () => number;
}

const FRESH_MS = 1000;
/** Looking up the watermark of an endpoint with many pending deliveries takes at most this share of the time. */
const MAX_SHARE = 0.05;

export class Watermarks {
  readonly #sources: WatermarkSources;
  readonly #known = boundedCache<number, Pending>(10_000);

  constructor(sources: WatermarkSources) {
    this.#sources = sources;
  }

  /** The cursor for a request that delivers this message, which counts as received when the endpoint has read the cursor. */
  async cursorWith(endpointKey: number, messageId: string): Promise<string> {
    const pending = await this.#pending(endpointKey);
    const own = keyOfId("msg_", messageId);
    const next = pending.first.find((key) => key !== own);
    return cursorBefore(pending, next);
  }

  async #pending(endpointKey: number): Promise<Pending> {
    const { now } = this.#sources;
    const known = this.#known.get(endpointKey);
    if (known !== undefined && now() < known.freshUntil) return known;
    const found = await readPending(this.#sources, endpointKey);
    this.#known.set(endpointKey, found);
    return found;
  }
}

/** The current watermark of an endpoint. */
export async function readWatermark(sources: WatermarkSources, endpointKey: number): Promise<string> {
  const pending = await readPending(sources, endpointKey);
  return cursorBefore(pending, pending.first[0]);
}

async function readPending({ db, horizon, now }: WatermarkSources, endpointKey: number): Promise<Pending> {
  const begin = now();
  // Before the deliveries, since those of later messages may not be among them.
  const known = await horizon();
  const { app_id: appKey } = await db()
    .selectFrom("endpoint")
    .select("app_id")
    .where("id", "=", endpointKey)
    .executeTakeFirstOrThrow();
  const rows = await db()
    .selectFrom("delivery")
    .select("message_id")
    .where("endpoint_id", "=", endpointKey)
    .where("due", "is not", null)
    .orderBy("message_id")
    .limit(2)
    .execute();
  const at = now();
  const first = rows.map(({ message_id: key }) => key);
  return { appKey, first, horizon: known, freshUntil: at + Math.max(FRESH_MS, (at - begin) / MAX_SHARE) };
}

function cursorBefore({ appKey, horizon }: Pending, next: number | undefined): string {
  const position: Position = { key: Math.max(0, Math.min(horizon, next ?? horizon) - 1), late: 0 };
  return encodeCursor({ appKey, endpointKey: 0 }, position);
}
