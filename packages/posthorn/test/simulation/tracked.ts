/** Entries of the ledger: endpoints, deliveries and attempts. */
import type { AttemptResult, Job } from "../../src/dispatch/types.ts";
import { isImmediate } from "../../src/store/immediate.ts";
import type { DeliveryChange, DeliveryRow } from "./audit.ts";
import type { Run } from "./run.ts";
import type { Tenure } from "./tenure.ts";
import type { Commit } from "./commits.ts";

/** An attempt that has started and whose outcome is not stored. */
export interface OpenAttempt {
  readonly run: Run;
  /** Under which it was begun. */
  readonly tenure: Tenure;
  readonly job: Job;
  /** A request left the process for it. */
  requested: boolean;
  /** When it was begun, in elapsed milliseconds. */
  readonly begunAt: number;
  /** Result of the attempter; `null` while it is in flight. */
  result: AttemptResult | null;
  /** The clock of its machine when it said so. */
  endedAt: number;
}

export class TrackedDelivery {
  readonly messageId: number;
  readonly endpoint: TrackedEndpoint;
  row: DeliveryRow;
  /** The commit that made the row what it is. */
  commit: Commit;
  /** Stored attempts, and the scheduled ones among them. */
  rows = 0;
  scheduledRows = 0;
  /** Requests that left a process. */
  requests = 0;
  /** Requests without a stored outcome, because their process ended, lost the shard, or aborted them. */
  lost = 0;
  open: OpenAttempt | null = null;
  /** Attempts in flight whose process has lost the shard: their outcomes must not be stored. */
  readonly outlived = new Set<OpenAttempt>();
  /** Requests that had been sent when a manual attempt was last requested. */
  requestsAtWish = 0;
  /** The last attempt had no payload to send, or no endpoint. */
  isVoid = false;

  /** The sender asked for a delay of the message. */
  readonly isDelayed: boolean;
  /** When it was first due, Unix milliseconds. */
  readonly firstDue: number | null;
  /** When the row was made, in elapsed milliseconds. */
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
   * Whether it is due whatever a clock says: nothing delays its first attempt, or a person asked for the attempt. It does not go by what
   * the product stored as `due`: that can be what is wrong.
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
  /** The application that it is of. */
  readonly tenant: number;
  /** With its port, if that is not the one of HTTPS. */
  readonly host: string;
  disabled = false;
  deleted = false;
  /** Paused by a person until then, Unix milliseconds; 0: not paused. */
  pausedUntil = 0;
  /** A person discarded scheduled deliveries of messages up to this key; 0: none. */
  discardUpTo = 0;
  /** The policies it had, with the commit that set each; the newest last. */
  readonly policies: { readonly json: string | null; readonly commit: Commit }[] = [];
  commit: Commit;
  /** When the row was changed, in elapsed milliseconds. */
  changedAt = 0;
  /** The last commit that changed something of it other than its policy. */
  repair: Commit;
  /** When the last manual operation on it or its deliveries was, in elapsed milliseconds. */
  touchedAt = 0;
  /** When a probe of it was last confirmed, in elapsed milliseconds; `null`: long ago, or never. */
  triedAt: number | null = null;
  /** When a request left for it the last time, in elapsed milliseconds. */
  requestedAt = 0;
  /** Requests on their way, by the tenure under which they were made. */
  readonly inFlight = new Map<Tenure, number>();
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
  /** The attempt in the process that made it; `null`: it was never made. */
  readonly made: OpenAttempt | null;
}

export function isMade({ result }: OpenAttempt, id: number): boolean {
  return result?.kind === "made" && result.attempt.id === id;
}

/** What a request is made for; `null` when it is not of that attempt, or comes after its end. */
export function requestedOf(
  delivery: TrackedDelivery | undefined,
  attempt: OpenAttempt | null,
): RequestedAttempt | null {
  if (delivery === undefined || attempt === null || attempt.result !== null) return null;
  const { messageId, endpointId } = attempt.job;
  const isOfIt = messageId === delivery.messageId && endpointId === delivery.endpoint.id;
  return isOfIt ? { delivery, attempt } : null;
}
