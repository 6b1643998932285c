/**
 * Watermark of an endpoint: the position up to which it has received all events, or Posthorn has ended their deliveries. A client that
 * continues there misses nothing, in whatever order its events arrived.
 */
import type { Kysely } from "kysely";
import { boundedCache } from "../../lib/bounded-cache.ts";
import { keyAtTime, keyOfId } from "../../lib/id.ts";
import type { Database } from "../../store/schema.ts";
import { toDisabled } from "../endpoint/disabled.ts";
import { catchUpCursor } from "../replay/catch-up.ts";
import { earliest } from "./page.ts";
import { encodeCursor, type Position } from "./position.ts";

/** The first deliveries that had not ended at some point in time. */
interface Pending {
  readonly appKey: number;
  /** Keys of their messages, the oldest two. */
  readonly first: readonly number[];
  /** Messages before this key that match the endpoint have deliveries. */
  readonly end: number;
  /** An older watermark stays correct: deliveries that are added before it, for example by a replay, had already ended once. */
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
  /** Look-ups that concurrent attempts share. */
  readonly #running = new Map<number, Promise<Pending>>();

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

  #pending(endpointKey: number): Promise<Pending> {
    const known = this.#known.get(endpointKey);
    if (known !== undefined && this.#sources.now() < known.freshUntil) return Promise.resolve(known);
    let running = this.#running.get(endpointKey);
    if (running === undefined) {
      running = this.#look(endpointKey).finally(() => this.#running.delete(endpointKey));
      this.#running.set(endpointKey, running);
    }
    return running;
  }

  async #look(endpointKey: number): Promise<Pending> {
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
  // In this order: the value that is read first limits the watermark before later messages can have deliveries.
  const known = await horizon();
  const endpoint = await db()
    .selectFrom("endpoint")
    .select(["app_id", "disabled", "disabled_json"])
    .where("id", "=", endpointKey)
    .executeTakeFirstOrThrow();
  const { app_id: appKey } = endpoint;
  const retained = await earliest(db(), { appKey, endpointKey });
  const missing = await catchUpCursor(db(), { appKey, endpointKey });
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
  // Messages published while it is disabled have no deliveries until a catch-up creates them.
  const disabled = endpoint.disabled === 1 ? toDisabled(endpoint.disabled_json) : null;
  const end = Math.min(
    // The horizon of a new database is 0, which is older than what retention has deleted.
    Math.max(known, retained.key + 1),
    disabled === null ? Number.POSITIVE_INFINITY : keyAtTime(disabled.at),
    missing === null ? Number.POSITIVE_INFINITY : missing + 1,
  );
  return { appKey, first, end, freshUntil: at + Math.max(FRESH_MS, (at - begin) / MAX_SHARE) };
}

function cursorBefore({ appKey, end }: Pending, next: number | undefined): string {
  const position: Position = { key: Math.max(0, Math.min(end, next ?? end) - 1), late: 0 };
  return encodeCursor({ appKey, endpointKey: 0 }, position);
}
