/** Sends signals to other nodes, and reads theirs. */
import { randomUUID } from "node:crypto";
import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { Database } from "../schema.ts";
import type { Signal } from "../signal.ts";
import { fromPayload, toPayloads } from "../signal-text.ts";
import { type Pool, withClient } from "./connections.ts";
import { CHANNEL } from "./notification-connection.ts";

/** Signals outside of transactions are collected for this long before they are sent. */
const GATHER_MS = 2;
/**
 * Minimum time since the previous notification. A commit with a notification blocks all others with one at that moment, and each receiving
 * node reads a page for each endpoint in it.
 */
const MIN_INTERVAL_MS = 25;
/** Maximum number of endpoints to announce. The owners of further ones find their deliveries by their regular look-ups. */
const MAX_WAITING = 20_000;

/** Sends notifications without waiting for the disk, because they write nothing that could be lost. */
const NOTIFY = `
  SELECT set_config('synchronous_commit', 'off', TRUE), (SELECT count(pg_notify($1, payload)) FROM unnest($2::text[]) AS payload)`;

export class SignalPost {
  /** Identifies this node as the sender of signals with a commit, so that it can ignore its own notifications. */
  readonly #by = randomUUID().slice(0, 8);
  /** The same for all other signals: the other threads of the process get those without the database, and ignore them too. */
  readonly #process: string;
  readonly #pool: Pool;
  #waiting: Signal[] = [];
  #due = new Set<number>();
  /** Earliest due time among the endpoints in `#due`; `null`: not known. */
  #dueFrom: number | null = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  /** Time of the last notification, milliseconds of the process. */
  #sentAt = Number.NEGATIVE_INFINITY;

  /** @param process Name of the process, if it has several threads. */
  constructor(pool: Pool, process: string | null) {
    this.#pool = pool;
    this.#process = process ?? this.#by;
  }

  /** Sends signals with the commit of the transaction; if it fails, none are sent. */
  async sendIn(db: Kysely<Database>, signals: readonly Signal[]): Promise<void> {
    for (const payload of toPayloads(this.#by, signals))
      await sql`SELECT pg_notify(${CHANNEL}, ${payload})`.execute(db);
  }

  /** Sends signals soon, without a guarantee that they arrive. */
  send(signals: readonly Signal[]): void {
    for (const signal of signals) {
      if (signal.kind !== "due") this.#waiting.push(signal);
      else if (this.#due.size < MAX_WAITING) this.#addDue(signal);
    }
    if (this.#timer !== null) return;
    const waitMs = Math.max(GATHER_MS, this.#sentAt + MIN_INTERVAL_MS - performance.now());
    this.#timer = setTimeout(() => void this.#send(), waitMs);
  }

  /** Sends notifications now. */
  async notify(channel: string, payloads: readonly string[]): Promise<void> {
    await withClient(this.#pool, (client) => client.query(NOTIFY, [channel, payloads]));
  }

  /** Reads a notification. Returns `null` for one that has already been handled here. */
  read(payload: string): { readonly signals: readonly Signal[]; readonly unknown: boolean } | null {
    const { by, ...received } = fromPayload(payload);
    return by === this.#by || by === this.#process ? null : received;
  }

  /** Sends the pending signals. */
  async close(): Promise<void> {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    await this.#send();
  }

  #addDue({ endpointIds, from }: Extract<Signal, { kind: "due" }>): void {
    for (const key of endpointIds) this.#due.add(key);
    this.#dueFrom = from === null || this.#dueFrom === null ? null : Math.min(from, this.#dueFrom);
  }

  async #send(): Promise<void> {
    this.#timer = null;
    this.#sentAt = performance.now();
    const due: Signal = { kind: "due", endpointIds: [...this.#due], from: this.#dueFrom };
    const payloads = toPayloads(this.#process, [...this.#waiting, ...(this.#due.size === 0 ? [] : [due])]);
    this.#waiting = [];
    this.#due = new Set();
    this.#dueFrom = Number.POSITIVE_INFINITY;
    // While the database is unavailable no notifications arrive, and every node looks for work when it is back.
    await this.notify(CHANNEL, payloads).catch(() => undefined);
  }
}
