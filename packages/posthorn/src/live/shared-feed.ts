/**
 * Live feed of one node in a cluster. While a stream is open on this node, it includes the events of the other nodes; while one is open
 * on another node, this node sends its events there. Nodes exchange only keys, and the node with the stream looks up the rows, so that
 * events cost nothing without a viewer, and a bounded amount with one.
 */
import type { Kysely } from "kysely";
import { timeOfKey } from "../lib/id.ts";
import type { AttemptStatus, Database } from "../store/schema.ts";
import type { Signal } from "../store/signal.ts";
import type { AcceptEntry, CommitListener, Store } from "../store/store.ts";
import type { Outcome } from "../store/delivery.ts";
import type { LiveFeed } from "./feed.ts";
import type { CommittedRow } from "./events.ts";

export interface SharedFeedOptions {
  readonly feed: LiveFeed;
  /** A function, because the store is created with this feed as its listener. */
  readonly store: () => Pick<Store, "db" | "signal">;
  readonly now: () => number;
  /** Calls back once after `ms`; the result cancels it. */
  readonly setTimer: (ms: number, callback: () => void) => () => void;
  readonly onFailure: (error: unknown) => void;
}

/** Interval at which a node with open streams announces them. */
const ANNOUNCE_MS = 5000;
/** How long after the last announcement this node sends its events. */
const FORWARD_MS = 15_000;
const GATHER_MS = 150;
/** Maximum keys of one kind in a signal. If there are more, watchers receive a gap. */
const MAX_KEYS = 300;

export class SharedFeed implements CommitListener, Disposable {
  readonly #options: SharedFeedOptions;
  #forwardUntil = 0;
  #messages: number[] = [];
  #attempts: number[] = [];
  #missed = false;
  /** Cancels sending the gathered keys; `null`: there are none. */
  #cancelSend: (() => void) | null = null;
  /** Cancels the next announcement of open streams; `null`: none is scheduled. */
  #cancelAnnounce: (() => void) | null = null;

  constructor(options: SharedFeedOptions) {
    this.#options = options;
    options.feed.onWatched(() => this.#announce());
  }

  get wanted(): boolean {
    return this.#options.feed.wanted || this.#forwards;
  }

  committed(accepts: readonly AcceptEntry[], records: readonly Outcome[]): void {
    const { feed } = this.#options;
    if (feed.wanted) feed.committed(accepts, records);
    if (!this.#forwards) return;
    for (const { id } of accepts) this.#gather(this.#messages, id);
    for (const { attempt } of records) if (attempt !== null) this.#gather(this.#attempts, attempt.id);
    this.#cancelSend ??= this.#options.setTimer(GATHER_MS, () => this.#send());
  }

  /** Cancels its timers. */
  [Symbol.dispose](): void {
    this.#cancelSend?.();
    this.#cancelAnnounce?.();
  }

  /** Called when a stream is open on another node. */
  watchedElsewhere(): void {
    this.#forwardUntil = this.#options.now() + FORWARD_MS;
  }

  /** Called when another node has stored these rows. */
  storedElsewhere({ messages, attempts, missed }: Omit<Extract<Signal, { kind: "stored" }>, "kind">): void {
    const { feed, store, onFailure } = this.#options;
    if (!feed.wanted) return;
    rowsOf(store().db, messages, attempts).then(
      (rows) => feed.append(rows, missed),
      (error: unknown) => {
        feed.append([], true);
        onFailure(error);
      },
    );
  }

  get #forwards(): boolean {
    return this.#forwardUntil > this.#options.now();
  }

  #announce(): void {
    const { feed, store } = this.#options;
    if (!feed.wanted) return;
    store().signal({ kind: "watch" });
    this.#cancelAnnounce ??= this.#options.setTimer(ANNOUNCE_MS, () => {
      this.#cancelAnnounce = null;
      this.#announce();
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

/** Looks up the rows with these keys, messages before attempts. */
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
