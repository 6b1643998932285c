/** Interface of the database for the rest of the server: queries for resources, and the few hot statements of delivery. */
import type { Kysely } from "kysely";
import type { ClusterStore } from "./cluster.ts";
import type { DayStore } from "./days.ts";
import type { BatchStore, EndpointBacklog, JobPage, Outcome, PageSelection } from "./delivery.ts";
import type { StoreError, StoreOutage } from "./errors.ts";
import type { Database } from "./schema.ts";
import type { Signal, SignalListener } from "./signal.ts";
import type { SqliteSeat } from "./sqlite/threads/seat.ts";
import type { WalLoss } from "./sqlite/wal-loss.ts";
import type { LongTransactionListener } from "./transaction-watch.ts";
import type { Tx } from "./tx.ts";

/** A message to store, with its deliveries. */
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
  /** Endpoints that did not match, and why; `null`: all matched. */
  readonly unmatchedJson: string | null;
  /** The inbound request without its body; `null` for a published message. */
  readonly requestJson: string | null;
  /** When the first attempts are due. */
  readonly due: number;
  /** Keys of the endpoints that matched. */
  readonly endpointIds: readonly number[];
  readonly idempotency: IdempotencyKey | null;
  /** Unix milliseconds after which it is no longer delivered; absent or `null`: no limit. */
  readonly deliverUntil?: number | null;
  /** See `lib/trace-context.ts`; absent or `null`: none. */
  readonly traceContext?: string | null;
  /** For the endpoints that debounce or throttle; absent or `null`: none does. */
  readonly flowControl?: FlowControl | null;
  /** The order key at each of `endpointIds`, `null` for those without an order; absent or `null`: none has one. */
  readonly orderKeys?: OrderKeys | null;
  /** Those of `endpointIds` whose consumers pull: their deliveries succeed when they are stored; absent or `null`: none. */
  readonly pulled?: readonly number[] | null;
  /** The key was made long before the commit, by another process: readers of feeds may have passed it. */
  readonly hasEarlierKey?: boolean;
  /** `payload` was redacted; absent or `null`: it was not. */
  readonly exact?: ExactBody | null;
}

/** The body of a redacted message as it was published. */
export interface ExactBody {
  /** Is never stored. */
  readonly body: Uint8Array;
  /** See `Redaction` of `redaction/redactor.ts`. */
  readonly spans: readonly number[];
  /** Body and spans, encrypted; `null`: they are not stored, because nothing is delivered. */
  readonly sealed: Uint8Array | null;
  /** How long it is kept after the last delivery has ended. */
  readonly keepMs: number;
}

export type OrderKeys = readonly (string | null)[];

/** Debounce and throttle rules, applied in the transaction that accepts the message. */
export interface FlowControl {
  /** Unix milliseconds of the publish. */
  readonly now: number;
  readonly endpoints: readonly EndpointFlowControl[];
}

export interface EndpointFlowControl {
  readonly endpointId: number;
  readonly debounce: DebounceRule | null;
  readonly throttle: ThrottleRule | null;
}

/** A newer message of the key replaces one that has not been sent yet. */
export interface DebounceRule {
  readonly key: string;
  /** Time without a message after which the last one is sent. */
  readonly waitMs: number;
  /** Longest time between the first message and the one that is sent. */
  readonly maxWaitMs: number;
}

/** At most `limit` deliveries of the key in a window, which begins with the first of them. */
export interface ThrottleRule {
  readonly key: string;
  readonly limit: number;
  readonly windowMs: number;
  /** Deliveries over the limit move to a later window that begins within this time, or are canceled; 0: always canceled. */
  readonly maxDelayMs: number;
}

/** A hashed idempotency key, and the time buckets in which an earlier use would be stored; a new one is stored in the first. */
export interface IdempotencyKey {
  readonly hash: string;
  readonly buckets: readonly number[];
}

export type AcceptResult =
  | { readonly kind: "stored"; readonly dues?: Dues }
  /** The idempotency key was used before, and this message is the result. */
  | { readonly kind: "replayed"; readonly messageId: number }
  /** The application has a message with this event id. */
  | { readonly kind: "duplicate_event_id" };

/** When the delivery to each endpoint is due, in the order of `endpointIds`; `null` for one that was canceled at once. */
export type Dues = readonly (number | null)[];

/** Receives what each commit stored, before the callers that wait for the commit continue. Must be quick and must not throw. */
export interface CommitListener {
  /** Whether commits need to be reported. */
  readonly wanted: boolean;
  committed(accepts: readonly AcceptEntry[], records: readonly Outcome[]): void;
}

/** Size of the database, in bytes. */
export interface StoreSize {
  /** In total. */
  readonly bytes: number;
  /** Freed pages within it, reused by the next writes. */
  readonly freeBytes: number;
  /** The disk it is on; `null` for a remote database. */
  readonly disk: { readonly bytes: number; readonly freeBytes: number } | null;
}

/** Totals of the group commits of this process. */
export interface StoreCounters {
  readonly commits: number;
  readonly commitMs: number;
  readonly accepts: number;
  readonly records: number;
  /** Payload bytes waiting to be written. */
  readonly waitingBytes: number;
}

/** Each call is a short step. */
export interface FreeSpaceStore {
  /** Whether pages are overwritten when they are freed, which costs writes. */
  overwriteFreed(isOn: boolean): Promise<void>;
  /** Returns some free pages to the disk. False: there are none. */
  returnPages(): Promise<boolean>;
  /**
   * Overwrites the unused space of some pages from this one on. Returns the page to continue with, which is the same one if a reader is in the
   * way; `null`: it was the last.
   */
  overwrite(from: number): Promise<number | null>;
  /** Empties the write-ahead log. False: a reader still uses it. */
  emptyLog(): Promise<boolean>;
}

export interface Store extends AsyncDisposable {
  /** The current fault of the database; `null`: none. Does not query it. */
  readonly outage: StoreOutage | null;
  /** How long the fault has lasted; 0: there is none. */
  readonly outageMs: number;
  /** Commits that SQLite's write-ahead log had lost when the store was opened; `null`: none, as far as is known. */
  readonly walLoss: WalLoss | null;
  /** Why the last commit of messages was refused, if the next one would be refused too, for instance by a full disk; else `null`. */
  readonly writeRefusal: StoreError | null;
  /** Checks with a small write whether a refusal is over; does nothing without one. At most once a second. */
  testWrites(): void;
  /** Resolves once the database responds, however long that takes; rejects when the store is closed first. */
  whenAvailable(): Promise<void>;
  /** Reads committed rows. Never waits for a writer. */
  readonly db: Kysely<Database>;
  /** As `db`, for the short look-ups of deliveries and authentication: callers' lists do not delay them. */
  readonly hotDb: Kysely<Database>;
  /** Runs `work` in one write transaction. `operation` names the route or background job in reports of long transactions. */
  transaction<T>(work: (tx: Tx) => Promise<T>, operation?: string): Promise<T>;
  /** Sets the listener for write transactions that stay open too long. */
  onLongTransaction(listener: LongTransactionListener): void;
  /** Resolves once the message and its deliveries are on disk. */
  accept(entry: AcceptEntry): Promise<AcceptResult>;
  /** As `accept` for each, in as few commits as their size allows. One failure does not affect the others. */
  acceptAll(entries: readonly AcceptEntry[]): Promise<readonly PromiseSettledResult<AcceptResult>[]>;
  /**
   * As `acceptAll`, and each is on disk no later than those after it: when the database fails for one, those after it are refused too.
   * An entry that is refused for its own content does not affect the others.
   */
  acceptInOrder(entries: readonly AcceptEntry[]): Promise<readonly PromiseSettledResult<AcceptResult>[]>;
  /**
   * Runs `work` under a lock that the whole cluster shares. Returns `null` without running it when the lock is taken. A process that
   * dies releases the lock.
   */
  alone<T>(work: () => Promise<T>): Promise<T | null>;
  /**
   * Resolves when this node has received the signals of all transactions that committed before the call. Rejects while notifications are
   * down. A signal can arrive after the data it announces can be read.
   */
  catchUp(): Promise<void>;
  /** The lowest key of a message that is being written; `null`: none is. */
  lowestWaiting(): number | null;
  /** Resolves once the outcome is on disk. Rejects with `shard_lost` when its lease is no longer held; then nothing was written. */
  record(outcome: Outcome): Promise<void>;
  /** As `record`, for outcomes under one lease, in one commit. */
  recordAll(outcomes: readonly Outcome[]): Promise<void>;
  readonly batches: BatchStore;
  /** Commits the outcomes that wait to share a commit (`Outcome.mayWait`), so that reads show them; `null`: none wait. */
  commitWaiting(): Promise<void> | null;
  /** History in day partitions; `null`: it is all in one table. */
  readonly days: DayStore | null;
  /** Lets another thread of this process use the database with `joinStore`; absent: it opens its own store. */
  seat?(): SqliteSeat;
  /** Changes the maximum number of connections for queries. Absent: there are none. */
  limitConnections?(max: number): void;
  /** Coordination between nodes that share the database; `null`: there is one node. */
  readonly cluster: ClusterStore | null;
  /** Sets the listener for changes: signals of this node's transactions after they commit, and those of other nodes. */
  onSignal(listener: SignalListener): void;
  /** Sends signals to the other nodes outside a transaction. Never rejects: a node that misses one finds the change when it polls. */
  signal(...signals: readonly Signal[]): void;
  /**
   * Sets the listener for writes with an unknown outcome: the commit may have happened. Memory may be out of date, and there may be rows
   * without a signal.
   */
  onUnknownCommit(listener: () => void): void;
  /**
   * Deliveries of one endpoint that are due at `now`, or that were never delayed (see `immediate.ts`). Includes every outcome recorded
   * before the call.
   */
  due(endpointId: number, now: number, limit: number, selection?: PageSelection): Promise<JobPage>;
  /** Endpoints with pending deliveries. */
  backlog(): Promise<readonly EndpointBacklog[]>;
  /** Latest due time of a delivery that was never delayed, Unix milliseconds, as far as this store knows; `backlog` updates it. */
  readonly newestDue: number;
  /** Greatest key of a message that any thread of the process has stored or seen; 0: none, `null`: threads do not share it (PostgreSQL). */
  readonly newestKey: number | null;
  /** Stored payload of a message, which may be redacted; `null` once expunged. */
  payload(messageId: number): Promise<Uint8Array | null>;
  /** Rejects when the database does not respond. */
  ping(): Promise<void>;
  /**
   * Returns some freed space to the disk, in a step small enough not to delay writes. False when there is nothing to return: a part is
   * kept for the next messages.
   */
  reclaim(): Promise<boolean>;
  /** Overwrites what deleted rows left in the files of the database; `null`: the database server does that on its own. */
  readonly freeSpace: FreeSpaceStore | null;
  size(): Promise<StoreSize>;
  /** The same object each time, with current values. */
  readonly counters: StoreCounters;
  /**
   * Returns the horizon of feeds: the order of messages up to this key is final. Moves it on if there are newer messages, and no
   * transaction is still writing below.
   *
   * @param settled Returns the key up to which the messages of this node are settled.
   */
  feedHorizon(settled: () => number): Promise<number>;
  /** The highest key in use. */
  lastKey(): Promise<number>;
}
