/** Brings signals to the other nodes, and those of others here. */
import { randomUUID } from "node:crypto";
import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { Database } from "../schema.ts";
import type { Signal } from "../signal.ts";
import { fromPayload, toPayloads } from "../signal-text.ts";
import { type Pool, withClient } from "./connections.ts";
import { CHANNEL } from "./notification-connection.ts";

/** What is told outside of transactions is gathered for so long. */
const GATHER_MS = 2;
/**
 * And the pause after the previous notification: a commit that notifies blocks all others that do at that moment, and a receiving node
 * reads a page for each endpoint in it.
 */
const APART_MS = 25;
/** Endpoints that wait to be told of; more are found by those who look. */
const MAX_WAITING = 20_000;

/** A notification has nothing to lose: it need not wait for the disk. */
const NOTIFY = `
  SELECT set_config('synchronous_commit', 'off', TRUE), (SELECT count(pg_notify($1, payload)) FROM unnest($2::text[]) AS payload)`;

export class SignalPost {
  /** Names this node to itself among those who are told. */
  readonly #by = randomUUID().slice(0, 8);
  readonly #pool: Pool;
  #waiting: Signal[] = [];
  #due = new Set<number>();
  /** The earliest time from which one of them says that something is due. */
  #dueFrom: number | null = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  /** When something was told last, milliseconds of the process. */
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Tells with the commit of the transaction, or not at all. */
  async tellIn(db: Kysely<Database>, signals: readonly Signal[]): Promise<void> {
    for (const payload of toPayloads(this.#by, signals))
      await sql`SELECT pg_notify(${CHANNEL}, ${payload})`.execute(db);
  }

  /** Tells soon, as far as it can be told. */
  tell(signals: readonly Signal[]): void {
    for (const signal of signals) {
      if (signal.kind !== "due") this.#waiting.push(signal);
      else if (this.#due.size < MAX_WAITING) this.#tellDue(signal);
    }
    if (this.#timer !== null) return;
    const waitMs = Math.max(GATHER_MS, this.#toldAt + APART_MS - performance.now());
    this.#timer = setTimeout(() => void this.#send(), waitMs);
  }

  /** Sends notifications now. */
  async notify(channel: string, payloads: readonly string[]): Promise<void> {
    await withClient(this.#pool, (client) => client.query(NOTIFY, [channel, payloads]));
  }

  /** What a notification says to this node; `null`: it is its own. */
  read(payload: string): { readonly signals: readonly Signal[]; readonly unknown: boolean } | null {
    const { by, ...told } = fromPayload(payload);
    return by === this.#by ? null : told;
  }

  /** Tells what waits. */
  async close(): Promise<void> {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    await this.#send();
  }

  #tellDue({ endpointIds, from }: Extract<Signal, { kind: "due" }>): void {
    for (const key of endpointIds) this.#due.add(key);
    this.#dueFrom = from === null || this.#dueFrom === null ? null : Math.min(from, this.#dueFrom);
  }

  async #send(): Promise<void> {
    this.#timer = null;
    this.#toldAt = performance.now();
    const due: Signal = { kind: "due", endpointIds: [...this.#due], from: this.#dueFrom };
    const payloads = toPayloads(this.#by, [...this.#waiting, ...(this.#due.size === 0 ? [] : [due])]);
    this.#waiting = [];
    this.#due = new Set();
    this.#dueFrom = Number.POSITIVE_INFINITY;
    // While the database is unavailable no notifications arrive, and every node looks for work when it is back.
    await this.notify(CHANNEL, payloads).catch(() => undefined);
  }
}
