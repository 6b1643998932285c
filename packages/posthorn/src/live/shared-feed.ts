/**
 * The live feed of one node among several: includes what the others store while a stream is open here, and tells them what this node stores
 * while a stream is open there. Nodes exchange keys, and a node with an open stream looks the rows up, so events without a viewer cost
 * nothing, and many of them cost a bounded amount.
 */
import type { Kysely } from "kysely";
import { timeOfKey } from "../lib/id.ts";
import type { AttemptStatus, Database } from "../store/schema.ts";
import type { Signal } from "../store/signal.ts";
import type { AcceptEntry, CommitListener, RecordEntry, Store } from "../store/store.ts";
import type { LiveFeed } from "./feed.ts";
import type { CommittedRow } from "./events.ts";

export interface SharedFeedOptions {
  readonly feed: LiveFeed;
  /** Asked for at each step, since the store tells this feed. */
  readonly store: () => Pick<Store, "db" | "signal">;
  readonly now: () => number;
  /** Calls back once after `ms`; the result cancels it. */
  readonly setTimer: (ms: number, callback: () => void) => () => void;
  readonly onFailure: (error: unknown) => void;
}

/** Those who watch say so this often … */
const SAY_MS = 5000;
/** … and are told for so long after they last did. */
const TELL_MS = 15_000;
const GATHER_MS = 150;
/** Keys of one kind that are told of in one go; of more, watchers learn that they missed some. */
const MAX_KEYS = 300;

export class SharedFeed implements CommitListener, Disposable {
  readonly #options: SharedFeedOptions;
  #tellUntil = 0;
  #messages: number[] = [];
  #attempts: number[] = [];
  #missed = false;
  /** Cancels sending what is gathered; `null`: nothing is. */
  #cancelSend: (() => void) | null = null;
  /** Cancels saying again that this node has watchers; `null`: it will not. */
  #cancelSay: (() => void) | null = null;

  constructor(options: SharedFeedOptions) {
    this.#options = options;
    options.feed.onWatched(() => this.#say());
  }

  get wanted(): boolean {
    return this.#options.feed.wanted || this.#tells;
  }

  committed(accepts: readonly AcceptEntry[], records: readonly RecordEntry[]): void {
    const { feed } = this.#options;
    if (feed.wanted) feed.committed(accepts, records);
    if (!this.#tells) return;
    for (const { id } of accepts) this.#gather(this.#messages, id);
    for (const { attempt } of records) if (attempt !== null) this.#gather(this.#attempts, attempt.id);
    this.#cancelSend ??= this.#options.setTimer(GATHER_MS, () => this.#send());
  }

  /** Cancels its timers. */
  [Symbol.dispose](): void {
    this.#cancelSend?.();
    this.#cancelSay?.();
  }

  /** A stream is open on another node. */
  watchedElsewhere(): void {
    this.#tellUntil = this.#options.now() + TELL_MS;
  }

  /** Another node has stored these. */
  storedElsewhere({ messages, attempts, missed }: Omit<Extract<Signal, { kind: "stored" }>, "kind">): void {
    const { feed, store, onFailure } = this.#options;
    if (!feed.wanted) return;
    rowsOf(store().db, messages, attempts).then(
      (rows) => feed.told(rows, missed),
      (error: unknown) => {
        feed.told([], true);
        onFailure(error);
      },
    );
  }

  get #tells(): boolean {
    return this.#tellUntil > this.#options.now();
  }

  #say(): void {
    const { feed, store } = this.#options;
    if (!feed.wanted) return;
    store().signal({ kind: "watch" });
    this.#cancelSay ??= this.#options.setTimer(SAY_MS, () => {
      this.#cancelSay = null;
      this.#say();
    });
  }

  #gather(keys: number[], key: number): void {
    if (keys.length < MAX_KEYS) keys.push(key);
    else this.#missed = true;
  }

  #send(): void {
    const [messages, attempts, missed] = [this.#messages, this.#attempts, this.#missed];
    [this.#messages, this.#attempts, this.#missed, this.#cancelSend] = [[], [], false, null];
    this.#options.store().signal({ kind: "stored", messages, attempts, missed });
  }
}

/** What was stored under these keys, messages before attempts. */
async function rowsOf(
  db: Kysely<Database>,
  messages: readonly number[],
  attempts: readonly number[],
): Promise<readonly CommittedRow[]> {
  const accepted = await db
    .selectFrom("message as m")
    .leftJoin("delivery as d", "d.message_id", "m.id")
    .select((eb) => ["m.id", "m.event_id as eventId", eb.fn.count<number>("d.endpoint_id").as("endpoints")])
    .where("m.id", "in", messages)
    .groupBy(["m.id", "m.event_id"])
    .orderBy("m.id")
    .execute();
  const made = await db
    .selectFrom("attempt as a")
    .leftJoin("delivery as d", (join) =>
      join.onRef("d.message_id", "=", "a.message_id").onRef("d.endpoint_id", "=", "a.endpoint_id"),
    )
    .select(["a.id", "a.public_id as publicId", "a.message_id as messageId", "a.endpoint_id as endpointId", "a.status"])
    .select(["a.response_code as responseCode", "a.duration_ms as durationMs", "a.error_code as errorCode", "d.due"])
    .where("a.id", "in", attempts)
    .orderBy("a.id")
    .$narrowType<{ status: AttemptStatus }>()
    .execute();
  return [
    ...accepted.map((row) => ({ kind: "accept", ...row }) as const),
    ...made.map(
      ({ messageId, endpointId, due, id, ...attempt }) =>
        ({ kind: "record", messageId, endpointId, due, attempt, at: timeOfKey(id) + attempt.durationMs }) as const,
    ),
  ];
}
