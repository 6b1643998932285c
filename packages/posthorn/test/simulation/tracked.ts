/** Entries of the ledger: endpoints, deliveries and attempts. */
import type { AttemptResult } from "../../src/dispatch/types.ts";
import type { Job } from "../../src/store/delivery.ts";
import { isImmediate } from "../../src/store/immediate.ts";
import type { DeliveryChange, DeliveryRow } from "./audit.ts";
import type { Run } from "./run.ts";
import type { Ownership } from "./ownership.ts";
import type { Commit } from "./commits.ts";

/** An attempt that has started and whose outcome is not stored. */
export interface OpenAttempt {
  readonly run: Run;
  /** Ownership under which it started. */
  readonly ownership: Ownership;
  readonly job: Job;
  /** A request was sent for it. */
  requested: boolean;
  /** When it started, in elapsed milliseconds. */
  readonly begunAt: number;
  /** Result of the attempter; `null` while it is in flight. */
  result: AttemptResult | null;
  /** Wall clock of its machine when the attempter returned. */
  endedAt: number;
}

export class TrackedDelivery {
  readonly messageId: number;
  readonly endpoint: TrackedEndpoint;
  row: DeliveryRow;
  /** The last commit that changed the row. */
  commit: Commit;
  /** Stored attempts, and the scheduled ones among them. */
  rows = 0;
  scheduledRows = 0;
  /** Requests that were sent. */
  requests = 0;
  /** Requests without a stored outcome, because their process ended, lost the shard, or aborted them. */
  lost = 0;
  open: OpenAttempt | null = null;
  /** Attempts in flight whose process has lost the shard: their outcomes must not be stored. */
  readonly outlived = new Set<OpenAttempt>();
  /** Requests that had been sent when a manual attempt was last requested. */
  requestsAtResend = 0;
  /** The last attempt had no payload to send, or no endpoint. */
  isVoid = false;

  /** The sender requested a delay of the message. */
  readonly isDelayed: boolean;
  /** When it was first due, Unix milliseconds. */
  readonly firstDue: number | null;
  /** When the row was created, in elapsed milliseconds. */
  readonly madeAt: number;

  constructor(
    endpoint: TrackedEndpoint,
    { messageId, isDelayed, row }: DeliveryChange,
    commit: Commit,
    madeAt: number,
  ) {
    this.firstDue = row.due;
    this.madeAt = madeAt;
    this.messageId = messageId;
    this.isDelayed = isDelayed;
    this.endpoint = endpoint;
    this.row = row;
    this.commit = commit;
  }

  /**
   * Whether it is due regardless of any clock: nothing delays its first attempt, or a person requested the attempt. Not based on what
   * the product stored as `due`, because that may be wrong.
   */
  get isImmediate(): boolean {
    const { due, attempts, manual, generation } = this.row;
    if (due === null) return false;
    if (manual !== 0) return true;
    return attempts === 0 && (isImmediate(this.messageId, due) || (generation === 0 && !this.isDelayed));
  }

  get name(): string {
    return `message ${this.messageId} to ${this.endpoint.host}`;
  }
}

export class TrackedEndpoint {
  readonly id: number;
  /** Its application. */
  readonly tenant: number;
  /** Host name, with the port unless it is the default of HTTPS. */
  readonly host: string;
  disabled = false;
  deleted = false;
  /** Paused by a person until then, Unix milliseconds; 0: not paused. */
  pausedUntil = 0;
  /** A person discarded scheduled deliveries of messages up to this key; 0: none. */
  discardUpTo = 0;
  /** All its policies so far with the commit that set each, newest last. */
  readonly policies: { readonly json: string | null; readonly commit: Commit }[] = [];
  commit: Commit;
  /** The secret that was set last; `null`: the first one, or it is being set. */
  secret: { readonly text: string; readonly commit: Commit } | null = null;
  /** Number of changes of the secret without a response yet. */
  rotations = 0;
  /** When the row was changed, in elapsed milliseconds. */
  changedAt = 0;
  /** The last commit that changed something of it other than its policy. */
  repair: Commit;
  /** Time of the last manual operation on it or its deliveries, in elapsed milliseconds. */
  touchedAt = 0;
  /** When a probe of it was last confirmed, in elapsed milliseconds; `null`: long ago, or never. */
  triedAt: number | null = null;
  /** When the last request to it was sent, in elapsed milliseconds. */
  requestedAt = 0;
  /** Requests in flight, by the ownership under which they were made. */
  readonly inFlight = new Map<Ownership, number>();
  readonly deliveries = new Map<number, TrackedDelivery>();

  constructor({ id, tenant, host, commit }: Pick<TrackedEndpoint, "id" | "tenant" | "host" | "commit">) {
    this.id = id;
    this.tenant = tenant;
    this.host = host;
    this.commit = commit;
    this.repair = commit;
  }
}

export interface RequestedAttempt {
  readonly delivery: TrackedDelivery;
  readonly attempt: OpenAttempt;
}

export interface RecordedAttempt {
  readonly id: number;
  readonly trigger: 0 | 1;
  readonly status: number;
  /** The attempt in the process that made it; `null`: no process made it. */
  readonly made: OpenAttempt | null;
}

export function isMade({ result }: OpenAttempt, id: number): boolean {
  return result?.kind === "made" && result.attempt.id === id;
}

/** Delivery and attempt that a request belongs to; `null` when it does not match that attempt, or the attempt has ended. */
export function requestedOf(
  delivery: TrackedDelivery | undefined,
  attempt: OpenAttempt | null,
): RequestedAttempt | null {
  if (delivery === undefined || attempt === null || attempt.result !== null) return null;
  const { messageId, endpointId } = attempt.job;
  const isOfIt = messageId === delivery.messageId && endpointId === delivery.endpoint.id;
  return isOfIt ? { delivery, attempt } : null;
}
