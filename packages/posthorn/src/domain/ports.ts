/** Interfaces through which the domain calls the rest of the node, which implements them. */
import type { LaneView } from "../dispatch/lane.ts";
import type { PassingTime } from "../lib/clock.ts";
import type { ClusterView } from "../store/cluster.ts";
import type { DueDelivery } from "../store/store.ts";
import type { Conversion, ConversionResult } from "../format/convert.ts";
import type { DiagnosisJob, DiagnosisReport } from "../ingest/diagnosis.ts";
import type { Turn } from "../transform/fair-queue.ts";
import type { Busy, RunFailed, RunResult, TransformRun } from "../transform/types.ts";
import type { DirectoryEndpoint } from "./directory-endpoint.ts";
import type { EndpointEgress, EndpointProxy } from "./endpoint/egress.ts";
import type { OpenApiDescription } from "./event-type/openapi/describe.ts";
import type { Streak } from "./health/streak.ts";
import type { InboundRequest } from "./message/request.ts";
import type { PortalLook } from "./portal/look.ts";
import type { TaskKind } from "./task/task.ts";
import type { RetentionPeriods } from "./retention/retention.ts";
import type { PlatformDefaults } from "./policy/section.ts";
import type { Ownership, OwnershipMethod } from "./endpoint/verification.ts";

/** Looks up host names. */
export interface UrlJudge {
  /** Whether deliveries to this URL would be allowed, as its name resolves now. `allow`: see `egress_allow`. */
  judge(url: string, allow: string | null): Promise<UrlVerdict>;
}

/** What the domain tells the dispatcher. Hints only: the rows in the store say the same. */
export interface DispatchHints {
  push(jobs: readonly DueDelivery[]): void;
  /** Deliveries were stored by another node. @param from None is due before, Unix milliseconds; `null`: who knows. */
  look(endpointIds: readonly number[], from: number | null): void;
  wake(endpointId: number): void;
  /** As `wake`, and without waiting any longer for an endpoint that failed or asked to be left alone. */
  tryNow(endpointId: number): void;
  /** Takes jobs back that are in memory and not under way: their deliveries are no longer due. */
  revoke(deliveries: readonly { readonly messageId: number; readonly endpointId: number }[]): void;
}

/** What is in memory of how endpoints are delivered to. */
export interface LaneSource {
  /** On whichever node has the lane; nothing, when that one does not answer. */
  of(endpointKey: number): LaneReport | Promise<LaneReport>;
  /** Those of these that are left alone or fail, whichever nodes have their lanes; without those of nodes that do not answer. */
  troubled(endpointKeys: readonly number[]): Promise<ReadonlyMap<number, LaneTrouble>>;
}

export interface LaneReport {
  /** `null`: nothing is known, since there was nothing to do lately. */
  readonly lane: LaneView | null;
  /** How it fails; `null`: its last attempt succeeded, or there was none. */
  readonly failing: Streak | null;
}

export interface LaneTrouble {
  /** `null`: it is closed. */
  readonly breaker: LaneView["breaker"] | null;
  /** How it fails; `null`: it does not. */
  readonly failing: Streak | null;
}

export interface DomainRules {
  readonly maxPayloadBytes: number;
  /** Of a body that comes in at a source. */
  readonly maxInboundBytes: number;
  /** Checks the URL of an endpoint and returns it normalised, or throws an error whose message says what is wrong. `allow`: see `egress_allow`. */
  readonly normaliseUrl: (url: string, allow: string | null) => string;
  /** The words of an allow list in one spelling, or throws an error whose message says what is wrong with them. */
  readonly normaliseAllow: (words: string) => string;
  /** The words of an allow list that have no effect on this server, as they go beyond what its operator allows. */
  readonly refusedWords: (words: string) => readonly RefusedTarget[];
  /** Whether the host of a proxy is refused, as far as its URL tells; `null`: it is not. */
  readonly refusedProxy: (proxy: EndpointProxy) => RefusedTarget | null;
  /** What of these settings of an endpoint the HTTP client could not use. */
  readonly egressTrouble: (settings: EndpointEgress, allow: string | null) => EgressTrouble | null;
  /** What policies begin with. */
  readonly policyDefaults: PlatformDefaults;
  /** What is wrong with an address, a network or the name of a list that requests may come from; `null`: nothing. */
  readonly addressTrouble: (word: string) => string | null;
  /** For how long what is stored is kept. */
  readonly retention: RetentionPeriods;
  /** Of the product whose customers the portal serves. */
  readonly portalLook: PortalLook;
  /** Public URL of this server, without a slash at the end. */
  readonly publicUrl: () => string;
  /** URL of the server as senders of inbound webhooks reach it, without a slash at the end. */
  readonly ingestUrl: () => string;
  /** Whether inbound webhooks have an origin of their own, apart from the dashboard and the portal. */
  readonly separateIngest: boolean;
}

export type UrlVerdict =
  /** The addresses that it stands for. */
  | { readonly allowed: true; readonly addresses: readonly string[] }
  /** `detail` names the rule; for operators. */
  | { readonly allowed: false; readonly code: string; readonly message: string; readonly detail: string };

/** Operations on live sources, implemented by `ingest`. */
export interface SourceOperations {
  /** Removes a source from the cache. The next request loads it again. */
  invalidate(sourceKey: number): void;
  /** Removes all sources from the cache. */
  clear(): void;
  /** Stores the event of a quarantined request as if it had been verified. Returns the message ID, or `null` for a duplicate. */
  release(sourceKey: number, request: InboundRequest, body: Uint8Array): Promise<string | null>;
  /** Finds out why a request fails verification. `otherSecrets`: further secrets to try, by name. */
  diagnose(
    sourceKey: number,
    request: DiagnosisJob["request"],
    otherSecrets: Readonly<Record<string, string>>,
  ): Promise<DiagnosisReport>;
}

/** A target that applications may not open on this server. */
export interface RefusedTarget {
  /** A word of an allow list, or a host. */
  readonly text: string;
  /** `deny`: it is on the deny list of the operator. `port`: no target may have the port of this proxy. */
  readonly reason: "rules" | "deny" | "port";
}

export interface EgressTrouble {
  /** Where in the settings. */
  readonly path: readonly string[];
  readonly message: string;
}

export interface TokenIssuer {
  /** A signed token with these claims. Times are Unix seconds. */
  sign(claims: Record<string, unknown> & { readonly sub: string; readonly exp: number }): Promise<string>;
  /** Looks at every token anew; after one was revoked. */
  forget(): void;
}

/** Asks an endpoint whether it wants deliveries. */
export interface OwnershipAsker {
  ask(endpoint: DirectoryEndpoint, method: OwnershipMethod): Promise<Ownership>;
}

/** Runs the code of transformations and converts bodies, apart from everything else. Nothing of it rejects. */
export interface TransformRunner {
  run(run: TransformRun, turn: Turn, signal?: AbortSignal): Promise<RunResult | Busy>;
  /** What is wrong with code that can be seen without a message; `null`: nothing. */
  check(code: string, turn: Turn): Promise<RunFailed | Busy | null>;
  /** For bodies that are too large to be converted beside other work. */
  convert(conversion: Conversion, turn: Turn, signal?: AbortSignal): Promise<ConversionResult | RunFailed | Busy>;
  /** Reads the OpenAPI document in the body of an import request. */
  describeOpenApi(request: Uint8Array, turn: Turn): Promise<OpenApiDescription | RunFailed | Busy>;
  /** Finds out why a request does not verify. */
  diagnose(job: DiagnosisJob, turn: Turn): Promise<DiagnosisReport | RunFailed | Busy>;
}

/** What is known of how endpoints fail, newer than the database has it. */
export interface HealthSource {
  streak(endpointKey: number): Streak | null;
  /** Begins anew, such as when the endpoint is switched on again. */
  forget(endpointKey: number): void;
}

/** Statistics, and what of them is in memory alone. */
export interface StatisticsSource {
  /** Counts what was stored meanwhile; ends early when there is much of it. */
  refresh(): Promise<void>;
  /** What the dispatcher has in memory. */
  load(): DispatchLoad;
}

/** The nodes that work together. */
export interface ClusterSource {
  /** Of the node that this is. */
  readonly id: number;
  /** No other node works on this database, now or later. */
  readonly alone: boolean;
  /** Whether no other node can have been given its membership: while it is in doubt, nothing is accepted here. */
  readonly holdsSlot: boolean;
  readonly time: PassingTime;
  view(): Promise<ClusterView>;
}

export interface DispatchLoad {
  /** Attempts under way. */
  readonly inFlight: number;
  /** Endpoints with a lane in memory. */
  readonly lanes: number;
  /** Bytes of the deliveries that wait in lanes. */
  readonly queuedBytes: number;
  /** When the delivery was due that has waited longest for its turn, Unix milliseconds; `null`: none waits. */
  readonly oldestDue: number | null;
}

/** Where long work is handed over. */
export interface TaskQueue {
  start(taskKey: number, kind: TaskKind): void;
}
