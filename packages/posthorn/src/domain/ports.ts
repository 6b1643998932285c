/** Interfaces through which the domain calls the rest of the node, which implements them. */
import type { PausedDeliveries } from "../store/delivery-pause.ts";
import type { LaneView } from "../dispatch/lane.ts";
import type { PassingTime } from "../lib/clock.ts";
import type { ClusterView } from "../store/cluster.ts";
import type { Job } from "../store/delivery.ts";
import type { EncryptionKeyTable } from "../store/encryption-schema.ts";
import type { Selectable } from "kysely";
import type { Conversion, ConversionResult } from "../format/convert.ts";
import type { DiagnosisJob, DiagnosisReport } from "../ingest/diagnosis.ts";
import type { ConnectedSession, RelayConnection, RelayLink } from "../relay/connection.ts";
import type { ClientFrame } from "../relay/frames.ts";
import type { RelaySession, RelayTransport } from "../relay/sessions.ts";
import type { Turn } from "../transform/fair-queue.ts";
import type { Busy, RunFailed, RunResult, TransformRun } from "../transform/types.ts";
import type { ClientDescription } from "./connected-client/document.ts";
import type { DirectoryEndpoint } from "./directory-endpoint.ts";
import type { EndpointProxy } from "./endpoint/egress.ts";
import type { OpenApiDescription } from "./event-type/openapi/describe.ts";
import type { Streak } from "./health/streak.ts";
import type { TaskKind } from "./task/task.ts";
import type { Ownership, OwnershipMethod } from "./endpoint/verification.ts";

/** Checks URLs by the addresses that their host names resolve to. */
export interface UrlChecker {
  /** Whether deliveries to this URL would be allowed, by the current DNS records. `allow`: see `egress_allow`. */
  check(url: string, allow: string | null): Promise<UrlVerdict>;
}

/** Hints to the dispatcher. The rows in the store hold the same information. */
export interface DispatchHints {
  push(jobs: readonly Job[]): void;
  /** Deliveries were stored by another node. @param from Earliest due time, Unix milliseconds; `null`: unknown. */
  look(endpointIds: readonly number[], from: number | null): void;
  wake(endpointId: number): void;
  /** Like `wake`, and also ends a pause: an open circuit, or a `Retry-After` of the endpoint. */
  tryNow(endpointId: number): void;
  /** Removes queued jobs from memory whose deliveries are no longer due. Attempts in flight are not affected. */
  revoke(deliveries: readonly { readonly messageId: number; readonly endpointId: number }[]): void;
}

/** Listeners of relay endpoints. */
export interface RelaySource {
  /** Whether a listener of the endpoint is connected, to any node. */
  isListening(endpointKey: number): boolean;
}

/** Listeners of relay endpoints, and the connections of those that are connected to this node. */
export interface RelayListeners extends RelaySource {
  /** Uses a ticket up and connects its session. Throws if it cannot be connected. */
  connect(ticket: string, transport: RelayTransport): Promise<RelaySession>;
  /** Takes over the connection of a session that was connected. */
  attach(session: ConnectedSession, link: RelayLink, window: number): RelayConnection;
  /** Ends a session whose connection could not be attached, or has ended. */
  forget(session: Pick<ConnectedSession, "key" | "endpointKey">): void;
  /** Handles a frame of a listener that may be connected to another node. Returns whether it is connected. */
  receive(session: RelaySession, frame: ClientFrame): Promise<boolean>;
  /** Handles a frame of a listener that is connected to this node. */
  handle(connection: RelayConnection, frame: ClientFrame): void;
}

/** State of the lanes in memory, on all nodes. */
export interface LaneSource {
  /** Asks the node that owns the lane. The state is unknown if that node does not respond. */
  of(endpointKey: number): LaneReport | Promise<LaneReport>;
  /** The endpoints among these with an open circuit or failing attempts, on all nodes that respond. */
  unhealthy(endpointKeys: readonly number[]): Promise<ReadonlyMap<number, UnhealthyLane>>;
}

export interface LaneReport {
  /** `null`: unknown, because the endpoint had no recent deliveries. */
  readonly lane: LaneView | null;
  /** Current failure streak; `null`: the last attempt succeeded, or there was none. */
  readonly failing: Streak | null;
}

export interface UnhealthyLane {
  /** `null`: the circuit is closed. */
  readonly breaker: LaneView["breaker"] | null;
  /** Current failure streak; `null`: there is none. */
  readonly failing: Streak | null;
}

export type UrlVerdict =
  /** The addresses that the host resolves to. */
  | { readonly allowed: true; readonly addresses: readonly string[] }
  /** `detail` names the rule, for operators. */
  | { readonly allowed: false; readonly code: string; readonly message: string; readonly detail: string };

export interface TokenIssuer {
  /** Returns a signed token with these claims. Times are Unix seconds. */
  sign(claims: Record<string, unknown> & { readonly sub: string; readonly exp: number }): Promise<string>;
  /** Clears the cache of tokens and sessions after a revocation. */
  forget(): void;
  /** Returns a text that only this server can derive from another one. `purpose` separates different uses. */
  proof(purpose: string, text: string): string;
}

/** Sends verification requests to endpoints. */
export interface EndpointVerifier {
  /** @param callback URL with which the endpoint can grant permission later, if the method has one. */
  ask(endpoint: DirectoryEndpoint, method: OwnershipMethod, callback: string | null): Promise<Ownership>;
}

/** Calls the URLs of receivers that subscribe, outside of deliveries. */
export interface SubscriberClient {
  /** Never rejects. */
  send(request: SubscriberRequest): Promise<SubscriberResponse>;
}

export interface SubscriberRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  /** Flat list of names and values. */
  readonly headers: readonly string[];
  readonly body?: Uint8Array;
  /** Address rules of the application; `null`: the platform's apply. */
  readonly allow: string | null;
  /** Proxy of the application; `null`: the platform's, if any. */
  readonly proxy: EndpointProxy | null;
  readonly signal?: AbortSignal;
}

export type SubscriberResponse =
  | {
      readonly kind: "response";
      readonly status: number;
      /** Lower-case name → value. */
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Uint8Array;
      /** The body is longer than what was read. */
      readonly truncated: boolean;
    }
  /** There was none. `code`: that of the HTTP client. */
  | { readonly kind: "error"; readonly code: string; readonly message: string };

/** Runs transformations and conversions in isolated threads. Its promises never reject. */
export interface TransformRunner {
  run(run: TransformRun, turn: Turn, signal?: AbortSignal): Promise<RunResult | Busy>;
  /** Checks code without a message; `null`: it is valid. */
  check(code: string, turn: Turn): Promise<RunFailed | Busy | null>;
  /** Converts bodies that are too large for the main thread. */
  convert(conversion: Conversion, turn: Turn, signal?: AbortSignal): Promise<ConversionResult | RunFailed | Busy>;
  /** Reads the OpenAPI document in the body of an import request. */
  describeOpenApi(request: Uint8Array, turn: Turn): Promise<OpenApiDescription | RunFailed | Busy>;
  /** Diagnoses why a request fails verification. */
  diagnose(job: DiagnosisJob, turn: Turn): Promise<DiagnosisReport | RunFailed | Busy>;
}

/** Failure streaks of endpoints, more recent than those in the database. */
export interface HealthSource {
  streak(endpointKey: number): Streak | null;
  /** Resets the streak, such as when the endpoint is enabled again. */
  forget(endpointKey: number): void;
}

/** Statistics, including the part that is only in memory. */
export interface StatisticsSource {
  /** Counts new rows. Returns early when there are many. */
  refresh(): Promise<void>;
  /** Load of the dispatcher. */
  load(): DispatchLoad;
}

/** The nodes of the cluster. */
export interface ClusterSource {
  /** ID of this node. */
  readonly id: number;
  /** Whether no other node can use this database. */
  readonly alone: boolean;
  /** Whether the membership lease is valid. While it is not, this node accepts nothing. */
  readonly holdsSlot: boolean;
  readonly time: PassingTime;
  view(): Promise<ClusterView>;
}

/** Whether the deliveries of the whole server are paused. */
export interface DeliveryPauseSource {
  /** The pause as known to this node; `null` if deliveries are not paused. */
  readonly current: PausedDeliveries | null;
}

/** A thread of this process that should be running but is not. */
export interface ThreadProblem {
  readonly thread: number;
  /** `hung`: it does not respond, and is terminated after 30 s, if the system allows it. `ended`: it has crashed or could not start. */
  readonly state: "hung" | "ended";
}

/** The threads of this process that run a node. */
export interface ThreadHealth {
  /** Problems of the threads other than the main one. */
  readonly problems: readonly ThreadProblem[];
  /** Whether the main thread, which restarts the others, does not respond, as far as this thread knows. */
  readonly isMainSilent: boolean;
}

/** Deliveries that wait to be sent. */
export interface BacklogSource {
  /** Whether messages of this application are refused, because more of its deliveries wait than the server may queue. */
  isFullFor(appId: number): boolean;
}

export interface DispatchLoad {
  /** Attempts in flight. */
  readonly inFlight: number;
  /** Endpoints with a lane in memory. */
  readonly lanes: number;
  /** Bytes of the deliveries queued in lanes. */
  readonly queuedBytes: number;
  /** When the oldest queued delivery was due, in Unix milliseconds; `null` if none is queued. */
  readonly oldestDue: number | null;
}

/** The feeds of this node. */
export interface FeedSource {
  /** Returns the horizon (see `Store.feedHorizon`), at most a moment old. */
  horizon(): Promise<number>;
  /** The horizon as last looked up. */
  readonly known: number;
  /**
   * Resolves when the application has messages after `after`, or the signal is aborted. Never rejects.
   *
   * @param after The horizon up to which the caller has read.
   */
  wait(appKey: number, options: { readonly after: number; readonly signal: AbortSignal }): Promise<void>;
}

/** Data keys of this node. */
export interface DataKeyring {
  /** The root key that wraps new data keys. */
  readonly root: { readonly provider: string; readonly id: string };
  /**
   * Within this time, a request that sealed a value before its node switched keys has stored it or failed. Longer than a request waits for the
   * database. Only then can a pass over all values be the last one.
   */
  readonly settleMs: number;
  /** Creates a data key, wrapped by the root key. It is not stored. */
  createKey(id: number): Promise<WrappedDataKey>;
  /** Wraps a data key with the current root key. */
  rewrap(row: Selectable<EncryptionKeyTable>): Promise<WrappedDataKey>;
  /** Loads new data keys, seals with the one that the database names, and reports both to the other nodes. */
  refresh(): Promise<void>;
}

export type WrappedDataKey = Pick<Selectable<EncryptionKeyTable>, "provider" | "root" | "wrapped">;

/** Starts background tasks. */
export interface TaskQueue {
  start(taskKey: number, kind: TaskKind): void;
}

/** Reads the metadata documents of clients, through the guarded HTTP client. */
export interface ClientDocuments {
  /**
   * The client that the document at this URL describes. Throws an error for the person to read.
   *
   * @param person Key of the person for whom it is read: each can have a few documents read a minute.
   */
  fetch(url: string, person: number): Promise<ClientDescription>;
}
