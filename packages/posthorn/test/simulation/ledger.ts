/**
 * The books of the simulation: what is committed, what was sent and what came back, kept apart from the product. The checks read them
 * and are told of every entry.
 */
import type { AttemptResult, DispatchLimits, Job } from "../../src/dispatch/types.ts";
import type { Change, DeliveryRow } from "./audit.ts";
import type { Commit } from "./database.ts";
import type { VirtualTime } from "./virtual-time.ts";
import type { Verdict } from "./verdict.ts";

/** What a process is started with. */
export interface Settings {
  readonly limits: DispatchLimits;
  readonly endpointConcurrency: number;
  readonly retrySchedule: readonly number[];
  readonly requestTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
}

/** One run of the process, from its start to its end. */
export interface Run {
  readonly number: number;
  readonly settings: Settings;
}

/** An attempt that was begun and whose outcome is not on disk. */
export interface OpenAttempt {
  readonly run: Run;
  readonly job: Job;
  /** A request left the process for it. */
  requested: boolean;
  /** When it was begun, in elapsed milliseconds. */
  readonly begunAt: number;
  /** What the attempter said; `null` while it is under way. */
  result: AttemptResult | null;
  /** The wall clock when it said so. */
  endedAt: number;
}

export class TrackedDelivery {
  readonly messageId: number;
  readonly endpoint: TrackedEndpoint;
  row: DeliveryRow;
  /** The commit that made the row what it is. */
  commit: Commit;
  /** Attempts on disk, and those among them that were made by schedule. */
  rows = 0;
  scheduledRows = 0;
  /** Requests that left a process. */
  requests = 0;
  /** Requests of which nothing came to disk, since their process ended or they were broken off. */
  lost = 0;
  open: OpenAttempt | null = null;
  /** Requests that had left when somebody asked for an attempt by hand the last time. */
  requestsAtWish = 0;
  /** The last attempt found nothing to send, or nobody to send it to. */
  isVoid = false;

  /** When it was first due, Unix milliseconds. */
  readonly firstDue: number | null;
  /** When the row was made, in elapsed milliseconds. */
  readonly madeAt: number;

  constructor(messageId: number, endpoint: TrackedEndpoint, row: DeliveryRow, commit: Commit, madeAt: number) {
    this.firstDue = row.due;
    this.madeAt = madeAt;
    this.messageId = messageId;
    this.endpoint = endpoint;
    this.row = row;
    this.commit = commit;
  }

  get name(): string {
    return `message ${this.messageId} to ${this.endpoint.host}`;
  }
}

export class TrackedEndpoint {
  readonly id: number;
  readonly host: string;
  disabled = false;
  deleted = false;
  /** The policies it had, with the time since when, in elapsed milliseconds; the newest last. */
  readonly policies: { readonly json: string | null; readonly since: number }[] = [];
  commit: Commit;
  /** When the row was changed, in elapsed milliseconds. */
  changedAt = 0;
  /** The last commit that changed something of it other than its policy. */
  repair: Commit;
  /** When a request left for it the last time, in elapsed milliseconds. */
  requestedAt = 0;
  inFlight = 0;
  readonly deliveries = new Map<number, TrackedDelivery>();

  constructor(id: number, host: string, commit: Commit) {
    this.id = id;
    this.host = host;
    this.commit = commit;
    this.repair = commit;
  }
}

/** What a check is told. Each method is optional; a check calls `verdict.broken` when its rule does not hold. */
export interface Check {
  /** A row of a delivery was committed. `before`: `null` when it is new. `attempt`: of the outcome that changed it. */
  changed?(delivery: TrackedDelivery, before: DeliveryRow | null, attempt: RecordedAttempt | null): void;
  /** An attempt was committed. */
  recorded?(delivery: TrackedDelivery, attempt: RecordedAttempt): void;
  /** An attempt is about to begin. */
  begun?(delivery: TrackedDelivery, attempt: OpenAttempt): void;
  /** The attempter said what came of it. */
  ended?(delivery: TrackedDelivery, attempt: OpenAttempt): void;
  /** A request is about to leave the process. `delivery` is `undefined` when no such row was ever committed. */
  requested?(endpoint: TrackedEndpoint, messageId: number, delivery: TrackedDelivery | undefined): void;
  /** After each event. */
  stepped?(): void;
  /** Once an hour. */
  sampled?(): void;
  /** When everything had the time to come to its end. */
  finished?(): void;
}

export interface RecordedAttempt {
  readonly id: number;
  readonly trigger: 0 | 1;
  readonly status: number;
  /** What it was in the process that made it; `null` when nobody made it. */
  readonly made: OpenAttempt | null;
}

export class Ledger {
  readonly endpoints = new Map<number, TrackedEndpoint>();
  readonly hosts = new Map<string, TrackedEndpoint>();
  /** Deliveries that are not at their end. */
  readonly live = new Set<TrackedDelivery>();
  readonly #open = new Set<TrackedDelivery>();
  readonly #time: VirtualTime;
  readonly #verdict: Verdict;
  readonly #checks: Check[] = [];
  /** Requests on their way, over all endpoints. */
  inFlight = 0;
  /** The process that runs. */
  run: Run | null = null;

  constructor(time: VirtualTime, verdict: Verdict) {
    this.#time = time;
    this.#verdict = verdict;
  }

  use(checks: readonly Check[]): void {
    this.#checks.push(...checks);
  }

  delivery(messageId: number, endpointId: number): TrackedDelivery | undefined {
    return this.endpoints.get(endpointId)?.deliveries.get(messageId);
  }

  *deliveries(): Iterable<TrackedDelivery> {
    for (const endpoint of this.endpoints.values()) yield* endpoint.deliveries.values();
  }

  committed(changes: readonly Change[], commit: Commit): void {
    let attempt: RecordedAttempt | null = null;
    for (const change of changes) {
      if (change.kind === "attempt") {
        attempt = this.#attemptCommitted(change);
        continue;
      }
      if (change.kind === "delivery") this.#deliveryCommitted(change, commit, attempt);
      else if (change.kind === "endpoint") this.#endpointCommitted(change, commit);
      else this.#verdict.broken("nothing_lost", `the row of message ${change.messageId} was deleted`);
      attempt = null;
    }
  }

  /** The dispatcher handed a job to the attempter. */
  begun(run: Run, job: Job): OpenAttempt {
    const attempt: OpenAttempt = { run, job, requested: false, begunAt: this.#time.elapsed, result: null, endedAt: 0 };
    const delivery = this.delivery(job.messageId, job.endpointId);
    if (delivery === undefined) {
      this.#verdict.broken("accepted_is_stored", `message ${job.messageId} is attempted and was never committed`);
    } else if (delivery.open !== null) {
      this.#verdict.broken("never_doubled", `${delivery.name}: an attempt began while the one before is not on disk`);
    } else {
      for (const check of this.#checks) check.begun?.(delivery, attempt);
      delivery.open = attempt;
      this.#open.add(delivery);
    }
    return attempt;
  }

  /** The attempter said what came of it. */
  ended(attempt: OpenAttempt, result: AttemptResult): void {
    attempt.result = result;
    attempt.endedAt = this.#time.wall;
    const delivery = this.delivery(attempt.job.messageId, attempt.job.endpointId);
    if (delivery === undefined) return;
    if (result.kind === "made" && !attempt.requested) {
      this.#verdict.broken("waiting_is_free", `${delivery.name}: an attempt counts for which no request was made`);
    }
    delivery.isVoid = result.kind === "void";
    for (const check of this.#checks) check.ended?.(delivery, attempt);
    if (delivery.open === attempt && result.kind !== "made") this.#forget(delivery);
  }

  requested(host: string, messageId: number): () => void {
    const endpoint = this.hosts.get(host)!;
    const delivery = endpoint.deliveries.get(messageId);
    for (const check of this.#checks) check.requested?.(endpoint, messageId, delivery);
    endpoint.inFlight++;
    endpoint.requestedAt = this.#time.elapsed;
    this.inFlight++;
    if (delivery !== undefined) {
      delivery.requests++;
      if (delivery.open !== null) delivery.open.requested = true;
    }
    const { run } = this;
    return () => {
      // What was on its way when its process ended is not counted any more.
      if (this.run !== run) return;
      endpoint.inFlight--;
      this.inFlight--;
    };
  }

  /** The process has ended: what it had open is lost. */
  processEnded(): void {
    this.run = null;
    this.inFlight = 0;
    for (const endpoint of this.endpoints.values()) endpoint.inFlight = 0;
    for (const delivery of this.#open) this.#forget(delivery);
  }

  stepped(): void {
    for (const check of this.#checks) check.stepped?.();
  }

  sampled(): void {
    for (const check of this.#checks) check.sampled?.();
  }

  finish(): void {
    for (const check of this.#checks) check.finished?.();
  }

  /** Whether the process knew of a commit before `elapsed`: it was answered as made, or made by a process before. */
  isKnown(commit: Commit, elapsed: number): boolean {
    if (commit.run !== this.run?.number) return true;
    return commit.confirmed && commit.answeredAt !== null && commit.answeredAt < elapsed;
  }

  #forget(delivery: TrackedDelivery): void {
    if (delivery.open?.requested === true) delivery.lost++;
    delivery.open = null;
    this.#open.delete(delivery);
  }

  #attemptCommitted({ messageId, endpointId, id, trigger, status }: Change & { kind: "attempt" }): RecordedAttempt {
    const delivery = this.delivery(messageId, endpointId);
    const open = delivery?.open ?? null;
    const made = open?.result?.kind === "made" && open.result.attempt.id === id ? open : null;
    const attempt = { id, trigger, status, made };
    if (delivery === undefined || made === null) {
      this.#verdict.broken("never_doubled", `attempt ${id} of message ${messageId} is on disk and nobody made it`);
      return attempt;
    }
    delivery.rows++;
    if (trigger === 0) delivery.scheduledRows++;
    delivery.open = null;
    this.#open.delete(delivery);
    for (const check of this.#checks) check.recorded?.(delivery, attempt);
    return attempt;
  }

  #deliveryCommitted(
    { messageId, endpointId, row }: Change & { kind: "delivery" },
    commit: Commit,
    attempt: RecordedAttempt | null,
  ): void {
    const endpoint = this.endpoints.get(endpointId)!;
    let delivery = endpoint.deliveries.get(messageId);
    const before = delivery?.row ?? null;
    if (delivery === undefined) {
      delivery = new TrackedDelivery(messageId, endpoint, row, commit, this.#time.elapsed);
      endpoint.deliveries.set(messageId, delivery);
    } else {
      delivery.row = row;
      delivery.commit = commit;
    }
    if (row.due === null) this.live.delete(delivery);
    else this.live.add(delivery);
    for (const check of this.#checks) check.changed?.(delivery, before, attempt);
  }

  #endpointCommitted({ endpointId, url, ...columns }: Change & { kind: "endpoint" }, commit: Commit): void {
    const { disabled, deleted, policyJson } = columns;
    let endpoint = this.endpoints.get(endpointId);
    if (endpoint === undefined) {
      endpoint = new TrackedEndpoint(endpointId, new URL(url).host, commit);
      this.endpoints.set(endpointId, endpoint);
      this.hosts.set(endpoint.host, endpoint);
    }
    const { elapsed } = this.#time;
    Object.assign(endpoint, { disabled, deleted, commit, changedAt: elapsed });
    if (endpoint.policies.at(-1)?.json === policyJson) endpoint.repair = commit;
    else endpoint.policies.push({ json: policyJson, since: elapsed });
  }
}
