/** What the rest of the server needs from a database: queries for resources, and the few hot statements of delivery. */
import type { Kysely } from "kysely";
import type { ClusterStore, Lease } from "./cluster.ts";
import type { DayStore } from "./days.ts";
import type { StoreError, StoreTrouble } from "./errors.ts";
import type { AttemptStatus, Database, DeliveryState, Trigger } from "./schema.ts";
import type { Signal, SignalListener } from "./signal.ts";
import type { WalLoss } from "./sqlite/wal-loss.ts";
import type { LongTransactionListener } from "./transaction-watch.ts";
import type { Tx } from "./tx.ts";

/** A message on its way into the store, with the deliveries it is owed. */
export interface AcceptEntry {
  readonly id: number;
  readonly publicId: string;
  readonly appId: number;
  readonly eventType: string;
  readonly eventId: string | null;
  readonly channelsJson: string | null;
  readonly tagsJson: string | null;
  readonly payload: Uint8Array;
  readonly contentType: string;
  readonly expiresAt: number | null;
  readonly deliverAt: number | null;
  readonly orderingKey: string | null;
  /** Which endpoints did not want it, and why; `null`: all did. */
  readonly unmatchedJson: string | null;
  /** How an inbound message came in, beside its body; `null` for a published one. */
  readonly requestJson: string | null;
  /** When the first attempts are due. */
  readonly due: number;
  /** Keys of the endpoints that matched. */
  readonly endpointIds: readonly number[];
  readonly idempotency: IdempotencyKey | null;
  /** Nothing is delivered from this time on; absent or `null`: whenever it can be. */
  readonly deliverUntil?: number | null;
  /** For the endpoints that debounce or throttle; absent or `null`: none does. */
  readonly pacing?: Pacing | null;
  /** The order key at each of `endpointIds`, `null` for those without an order; absent or `null`: none has one. */
  readonly orderKeys?: OrderKeys | null;
}

export type OrderKeys = readonly (string | null)[];

/** What decides, in the transaction that accepts a message, whether and when some of its endpoints get it. */
export interface Pacing {
  /** Unix milliseconds of the publish. */
  readonly now: number;
  readonly endpoints: readonly EndpointPacing[];
}

export interface EndpointPacing {
  readonly endpointId: number;
  readonly debounce: DebouncePacing | null;
  readonly throttle: ThrottlePacing | null;
}

/** A newer message of the key takes the place of one that still waits. */
export interface DebouncePacing {
  readonly key: string;
  /** Quiet time after which the last message goes out. */
  readonly waitMs: number;
  /** It goes out this long after the first one at the latest. */
  readonly maxWaitMs: number;
}

/** At most `limit` deliveries of the key in a window, which begins with the first of them. */
export interface ThrottlePacing {
  readonly key: string;
  readonly limit: number;
  readonly windowMs: number;
  /** What is over the limit is put off to a later window that begins within this time, or else canceled; 0: always canceled. */
  readonly maxDelayMs: number;
}

/** A hashed idempotency key and the buckets of time in which an earlier use would stand, newest first. */
export interface IdempotencyKey {
  readonly hash: string;
  readonly buckets: readonly number[];
}

export type AcceptResult =
  | { readonly kind: "stored"; readonly dues?: Dues }
  /** The idempotency key was used before: this message answers the request. */
  | { readonly kind: "replayed"; readonly messageId: number }
  /** The application has a message with this event id. */
  | { readonly kind: "duplicate_event_id" };

/** When the delivery to each endpoint is due, in the order of `endpointIds`; `null` for one that was canceled at once. */
export type Dues = readonly (number | null)[];

/** What an attempt, or the decision not to make one, does to its delivery. */
export interface RecordEntry {
  readonly messageId: number;
  readonly endpointId: number;
  readonly generation: number;
  readonly trigger: Trigger;
  readonly state: DeliveryState;
  /** Next due time, or `null` when this was the end. Ignored after an attempt by hand. */
  readonly due: number | null;
  /** Scheduled attempts that counted so far, this one included. */
  readonly attempts: number;
  readonly attempt: AttemptEntry | null;
  /** Why it was canceled, and when. */
  readonly cancel?: { readonly reason: string; readonly at: number } | null;
  /** From this time on nobody waits for it, unless an earlier time was set before; absent or `null`: it stays as it is. */
  readonly passAt?: number | null;
  /** The right under which the attempt was made; absent: nobody else could have made one. */
  readonly lease?: Lease;
}

export interface AttemptEntry {
  readonly id: number;
  readonly publicId: string;
  readonly url: string;
  readonly status: AttemptStatus;
  readonly responseCode: number;
  readonly response: string;
  readonly durationMs: number;
  readonly errorCode: string | null;
  /** What was sent and seen beside these: headers, phases, peer. */
  readonly detailJson: string | null;
}

/** A delivery that is due, as paged in from the database. */
export interface DueDelivery {
  readonly messageId: number;
  readonly publicId: string;
  readonly endpointId: number;
  readonly due: number;
  readonly attempts: number;
  readonly generation: number;
  readonly trigger: Trigger;
  readonly contentType: string;
  readonly orderingKey: string | null;
  readonly requestJson: string | null;
  /** `null` when it is large and must be fetched on its own, or gone. */
  readonly payload: Uint8Array | null;
  /** Nothing is delivered from this time on. */
  readonly deliverUntil?: number | null;
  /** When its first attempt was due. */
  readonly firstDue?: number;
  /** It waits for those of its endpoint with the same key and a lower message key. */
  readonly orderKey?: string | null;
  /** Asked for by hand, and not part of a recovery. */
  readonly resent?: boolean;
  /** A first attempt that nothing delayed: see `immediate.ts`. Set where `due` can lie in the future. */
  readonly immediate?: boolean;
}

/** How a page is made other than with the longest waiting first. */
export type PageWish =
  /** Those that became due last. */
  | { readonly kind: "newest" }
  /**
   * Those whose turn it is: every delivery of the same key before is done, or among `known` (message keys). `keys`: a few of each of
   * these keys, lowest messages first; `null`: of all, by due time from a place on.
   */
  | {
      readonly kind: "ordered";
      readonly after: Position;
      readonly known: readonly number[];
      readonly keys: readonly string[] | null;
    };

/** A place among the deliveries of an endpoint by due time: just after this one. */
export interface Position {
  readonly due: number;
  readonly messageId: number;
}

export interface OrderedPage {
  /** The last delivery that was looked at. */
  readonly scannedTo: Position;
  /** Nothing more is due. */
  readonly done: boolean;
  /** For each key with deliveries whose turn it is not: the place just before the first of them. */
  readonly left: readonly { readonly key: string; readonly at: Position }[];
  /** When the first of the deliveries that others wait for is passed by; `null`: none is known. */
  readonly passAt: number | null;
  /** Keys that were asked for and not looked at: the page was full. */
  readonly unread: readonly string[];
}

export interface DuePage {
  /** Due now, longest waiting first. */
  readonly deliveries: readonly DueDelivery[];
  /** When the first delivery that is not in this page is due; `null` when there is none. */
  readonly nextDue: number | null;
  /** Of a page in order. */
  readonly ordered?: OrderedPage;
}

export interface EndpointBacklog {
  readonly endpointId: number;
  /** When its first delivery is due. */
  readonly due: number;
}

/** Told what each commit has stored, before anybody who waits for it goes on. Must be quick and must not throw. */
export interface CommitListener {
  /** Whether anybody cares just now. */
  readonly wanted: boolean;
  committed(accepts: readonly AcceptEntry[], records: readonly RecordEntry[]): void;
}

/** Bytes that the database takes. */
export interface StoreSize {
  /** In all. */
  readonly bytes: number;
  /** Of these, what was freed and is used next. */
  readonly freeBytes: number;
  /** The disk it is on; `null` where it cannot be seen from here. */
  readonly disk: { readonly bytes: number; readonly freeBytes: number } | null;
}

/** What went through the group commits of this process so far. */
export interface StoreCounters {
  readonly commits: number;
  readonly commitMs: number;
  readonly accepts: number;
  readonly records: number;
  /** Payload bytes that wait for the disk now. */
  readonly waitingBytes: number;
}

export interface Store extends AsyncDisposable {
  /** What is wrong with the database now; `null`: nothing. Known without asking it. */
  readonly trouble: StoreTrouble | null;
  /** For how long it has been so; 0: nothing is wrong. */
  readonly troubleForMs: number;
  /** Commits that SQLite's write-ahead log had lost when the store was opened; `null`: none, as far as is known. */
  readonly walLoss: WalLoss | null;
  /** Why the last commit of messages was refused in a way that the next one would be too, such as by a full disk; `null`: it was not. */
  readonly writeRefusal: StoreError | null;
  /** Finds out whether a refusal is over, by a small write; does nothing without one. At most once a second. */
  testWrites(): void;
  /** Resolves when the database can be worked with, however long that takes; rejects when the store is closed before. */
  whenHere(): Promise<void>;
  /** Reads what is committed. Never waits for a writer. */
  readonly db: Kysely<Database>;
  /** As `db`, for the short look-ups that deliveries and logins wait for: no list of a caller is before them. */
  readonly hotDb: Kysely<Database>;
  /** Runs `work` in one write transaction. `operation` names the route or background job in reports of long transactions. */
  transaction<T>(work: (tx: Tx) => Promise<T>, operation?: string): Promise<T>;
  /** Sets who is told of write transactions that are open for long. */
  onLongTransaction(listener: LongTransactionListener): void;
  /** Resolves once the message and its deliveries are on disk. */
  accept(entry: AcceptEntry): Promise<AcceptResult>;
  /** As `accept` for each, in as few commits as their size allows; one that fails takes no other with it. */
  acceptAll(entries: readonly AcceptEntry[]): Promise<readonly PromiseSettledResult<AcceptResult>[]>;
  /**
   * As `acceptAll`, and each is on disk no later than those after it: when the database fails one, those after it are refused too.
   * One that is refused for its own sake takes no other with it.
   */
  acceptInOrder(entries: readonly AcceptEntry[]): Promise<readonly PromiseSettledResult<AcceptResult>[]>;
  /**
   * Runs `work` while nobody else does, in the whole cluster; `null`, and nothing was done, when somebody does. Who dies within lets
   * the next one in.
   */
  alone<T>(work: () => Promise<T>): Promise<T | null>;
  /**
   * Resolves when this node has heard all signals of transactions that had committed before the call. Rejects while it hears none: a
   * signal can arrive later than what it is about can be read.
   */
  catchUp(): Promise<void>;
  /** The least key of a message that waits for the disk; `null` when none does. */
  lowestWaiting(): number | null;
  /** Resolves once the outcome is on disk. Rejects with `shard_lost` when its lease is not held any more: then nothing of it was written. */
  record(entry: RecordEntry): Promise<void>;
  /** History by day; `null`: it is all in one table. */
  readonly days: DayStore | null;
  /** What nodes that share the database decide there; `null`: there is one node. */
  readonly cluster: ClusterStore | null;
  /** Sets who is told what changed: after each transaction that says so, and of what other nodes say. */
  onSignal(listener: SignalListener): void;
  /** Tells the other nodes what needs no transaction. Never rejects: who did not hear it finds out by looking. */
  signal(...signals: readonly Signal[]): void;
  /**
   * Sets who is told when a write failed of which nobody knows whether it was made: what is in memory may be out of date, and rows may
   * be there that nobody was told of.
   */
  onUnknownCommit(listener: () => void): void;
  /**
   * Deliveries of one endpoint that are due at `now`, or that nothing delayed: see `immediate.ts`. Sees every outcome that was recorded
   * before the call.
   */
  due(endpointId: number, now: number, limit: number, wish?: PageWish): Promise<DuePage>;
  /** The endpoints that have deliveries left to make. */
  backlog(): Promise<readonly EndpointBacklog[]>;
  /** No delivery that nothing delayed is due later, Unix milliseconds, as far as this store knows: it learns more with each `backlog`. */
  readonly newestDue: number;
  /** Exact bytes of a message; `null` once expunged. */
  payload(messageId: number): Promise<Uint8Array | null>;
  /** Rejects when the database does not answer. */
  ping(): Promise<void>;
  /**
   * Gives some of the space that was freed back to the disk, little enough at a time that nobody waits for it. False when
   * there is none: a part stays for what comes in next.
   */
  reclaim(): Promise<boolean>;
  size(): Promise<StoreSize>;
  /** The same object each time; its values are those of now. */
  readonly counters: StoreCounters;
  /** The greatest key in use. */
  lastKey(): Promise<number>;
}
