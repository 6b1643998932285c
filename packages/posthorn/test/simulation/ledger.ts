/**
 * Ledger of the simulation: commits, requests and results, recorded independently of the product. The checks read it
 * and receive every entry.
 */
import type { AttemptResult } from "../../src/dispatch/types.ts";
import type { Job } from "../../src/store/delivery.ts";
import type { Change, DeliveryChange } from "./audit.ts";
import type { Check, SignedRequest } from "./check.ts";
import { ReplayCheck } from "./checks/replays.ts";
import type { Run } from "./run.ts";
import type { Ownership, OwnershipEnd, Owners } from "./ownership.ts";
import {
  isMade,
  type OpenAttempt,
  type RecordedAttempt,
  requestedOf,
  TrackedDelivery,
  TrackedEndpoint,
} from "./tracked.ts";
import type { VirtualTime } from "./virtual-time.ts";
import type { Verdict } from "./verdict.ts";
import type { Commit } from "./commits.ts";

/** Whether a process knew a commit of another one before a time, in elapsed milliseconds. */
export type HasHeard = (commit: Commit, own: Run, elapsed: number) => boolean;

/**
 * Milliseconds after which a process knows about a change made by another one: for a healthy process, and for any process that keeps
 * running without notifications.
 */
const NEWS_MS = 2500;
const LATE_NEWS_MS = 10_000;

export class Ledger {
  readonly endpoints = new Map<number, TrackedEndpoint>();
  readonly hosts = new Map<string, TrackedEndpoint>();
  /** Deliveries without a final state. */
  readonly live = new Set<TrackedDelivery>();
  readonly replays: ReplayCheck;
  readonly #open = new Set<TrackedDelivery>();
  readonly #time: VirtualTime;
  readonly #verdict: Verdict;
  readonly #checks: Check[] = [];
  /** Running processes, with the number of requests in flight from each. */
  readonly #runs = new Map<Run, number>();
  #owners: Owners | null = null;
  #hasHeardOthers: HasHeard = () => true;

  constructor(time: VirtualTime, verdict: Verdict) {
    this.#time = time;
    this.#verdict = verdict;
    this.replays = new ReplayCheck(verdict);
  }

  use(checks: readonly Check[]): void {
    this.#checks.push(...checks);
  }

  /**
   * @param owners Owners of the lanes. @param hasHeard Whether a process knows what another one has committed. Default: `hasHeardAsNode` of
   * a healthy one.
   */
  watchOver(owners: Owners, hasHeard: HasHeard = hasHeardAsNode(() => true)): void {
    this.#owners = owners;
    this.#hasHeardOthers = hasHeard;
  }

  /** Owner of the lane of an endpoint; `null`: none. */
  ownershipOf(endpointId: number): Ownership | null {
    return this.#owners!.of(endpointId);
  }

  get runs(): Iterable<Run> {
    return this.#runs.keys();
  }

  isRunning(run: Run): boolean {
    return this.#runs.has(run);
  }

  /** Number of requests in flight from a process. */
  inFlightOf(run: Run): number {
    return this.#runs.get(run) ?? 0;
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
      else if (change.kind === "replay") this.replays.committed(change, changes);
      else this.#verdict.broken("nothing_lost", `the row of message ${change.messageId} was deleted`);
      attempt = null;
    }
  }

  /** The dispatcher handed a job to the attempter. Returns `null` when that violates a rule. */
  begun(run: Run, job: Job): OpenAttempt | null {
    const delivery = this.delivery(job.messageId, job.endpointId);
    const ownership = this.ownershipOf(job.endpointId);
    if (delivery === undefined) {
      this.#verdict.broken("accepted_is_stored", `message ${job.messageId} is attempted and was never committed`);
      return null;
    }
    if (ownership?.run !== run) {
      const owner = ownership === null ? "of no process" : `of process ${ownership.run.number}`;
      this.#verdict.broken("one_owner", `${delivery.name} is attempted by process ${run.number}, and is ${owner}`);
      return null;
    }
    if (delivery.open !== null) {
      this.#verdict.broken("never_doubled", `${delivery.name}: an attempt began while the one before is not on disk`);
      return null;
    }
    const { elapsed: begunAt } = this.#time;
    const attempt: OpenAttempt = { run, ownership, job, requested: false, begunAt, result: null, endedAt: 0 };
    for (const check of this.#checks) check.begun?.(delivery, attempt);
    delivery.open = attempt;
    this.#open.add(delivery);
    return attempt;
  }

  /** The attempter returned a result. */
  ended(attempt: OpenAttempt, result: AttemptResult): void {
    attempt.result = result;
    attempt.endedAt = attempt.run.clock.wall;
    const delivery = this.delivery(attempt.job.messageId, attempt.job.endpointId)!;
    if (result.kind === "made" && !attempt.requested) {
      this.#verdict.broken("waiting_is_free", `${delivery.name}: an attempt counts for which no request was made`);
    }
    for (const check of this.#checks) check.ended?.(delivery, attempt);
    if (delivery.open !== attempt) return;
    delivery.isVoid = result.kind === "void";
    if (result.kind !== "made") this.#forget(delivery);
  }

  /** A process sends a request. Returns a function to call when it has ended. @param of Its attempt; `null`: none. */
  requested(host: string, messageId: number, of: OpenAttempt | null, request: SignedRequest): () => void {
    const endpoint = this.hosts.get(host)!;
    const made = requestedOf(endpoint.deliveries.get(messageId), of);
    for (const check of this.#checks) check.requested?.(endpoint, messageId, made, request);
    endpoint.requestedAt = this.#time.elapsed;
    if (made === null) return () => undefined;
    const { delivery, attempt } = made;
    delivery.requests++;
    attempt.requested = true;
    if (delivery.open !== attempt) delivery.lost++;
    this.#count(endpoint, attempt.ownership, 1);
    return () => this.#count(endpoint, attempt.ownership, -1);
  }

  started(run: Run): void {
    this.#runs.set(run, 0);
    this.#owners!.began(run);
  }

  /** A manual operation on an endpoint starts or has ended. */
  touched(endpointId: number): void {
    const endpoint = this.endpoints.get(endpointId);
    if (endpoint !== undefined) endpoint.touchedAt = this.#time.elapsed;
  }

  /** A probe of an endpoint is requested, even if the endpoint requested a wait. */
  wanted(endpointId: number): void {
    const endpoint = this.endpoints.get(endpointId);
    if (endpoint === undefined) return;
    const { elapsed } = this.#time;
    endpoint.changedAt = elapsed;
    endpoint.repair = { ...endpoint.repair, answeredAt: elapsed };
  }

  /** A process has ended: its open attempts are lost. */
  processEnded(run: Run): void {
    this.#runs.delete(run);
    for (const { inFlight } of this.endpoints.values()) {
      for (const ownership of inFlight.keys()) if (ownership.run === run) inFlight.delete(ownership);
    }
    for (const delivery of this.#open) if (delivery.open!.run === run) this.#forget(delivery);
  }

  /** The shard has another owner or none: open attempts of the former owner must not be recorded. */
  ownershipEnded(ownership: Ownership, how: OwnershipEnd): void {
    const open = [...this.#open].filter((delivery) => delivery.open!.ownership === ownership);
    for (const check of this.#checks) check.ownershipEnded?.(ownership, how, open);
    for (const delivery of open) {
      delivery.outlived.add(delivery.open!);
      this.#forget(delivery);
    }
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

  /** Whether the owner of a lane knew a commit to a delivery before `elapsed`. It reads the deliveries when it takes the lane. */
  knowsRow(commit: Commit, { run, since }: Ownership, elapsed: number): boolean {
    return commit.at < since || this.#hasHeard(commit, run, elapsed);
  }

  /** Whether a process knew a commit to settings before `elapsed`. It reads them when it starts. */
  knowsSettings(commit: Commit, run: Run, elapsed: number): boolean {
    return commit.at < run.startedAt || this.#hasHeard(commit, run, elapsed);
  }

  #hasHeard(commit: Commit, own: Run, elapsed: number): boolean {
    const { run, confirmed, answeredAt } = commit;
    if (run !== own.number) return this.#hasHeardOthers(commit, own, elapsed);
    return confirmed && answeredAt !== null && answeredAt < elapsed;
  }

  #count({ inFlight }: TrackedEndpoint, ownership: Ownership, change: 1 | -1): void {
    const { run } = ownership;
    // Requests in flight when their process ended are no longer counted.
    if (!this.#runs.has(run)) return;
    this.#runs.set(run, this.#runs.get(run)! + change);
    const left = (inFlight.get(ownership) ?? 0) + change;
    if (left === 0) inFlight.delete(ownership);
    else inFlight.set(ownership, left);
  }

  #forget(delivery: TrackedDelivery): void {
    if (delivery.open?.requested === true) delivery.lost++;
    delivery.open = null;
    this.#open.delete(delivery);
  }

  #attemptCommitted({ messageId, endpointId, id, trigger, status }: Change & { kind: "attempt" }): RecordedAttempt {
    const delivery = this.delivery(messageId, endpointId);
    const open = delivery?.open ?? null;
    const made = open !== null && isMade(open, id) ? open : null;
    const attempt = { id, trigger, status, made };
    const late = [...(delivery?.outlived ?? [])].find((outlived) => isMade(outlived, id));
    if (late !== undefined) {
      const text = `${delivery!.name}: process ${late.run.number} recorded an attempt after it had lost the shard`;
      this.#verdict.broken("fenced", text);
      return attempt;
    }
    if (delivery === undefined || made === null) {
      this.#verdict.broken("never_doubled", `attempt ${id} of message ${messageId} is stored, but was never made`);
      return attempt;
    }
    delivery.rows++;
    if (trigger === 0) delivery.scheduledRows++;
    delivery.open = null;
    this.#open.delete(delivery);
    for (const check of this.#checks) check.recorded?.(delivery, attempt);
    return attempt;
  }

  #deliveryCommitted(change: DeliveryChange, commit: Commit, attempt: RecordedAttempt | null): void {
    const { messageId, endpointId, row } = change;
    const endpoint = this.endpoints.get(endpointId)!;
    let delivery = endpoint.deliveries.get(messageId);
    const before = delivery?.row ?? null;
    if (delivery === undefined) {
      delivery = new TrackedDelivery(endpoint, change, commit, this.#time.elapsed);
      endpoint.deliveries.set(messageId, delivery);
    } else {
      delivery.row = row;
      delivery.commit = commit;
    }
    if (row.due === null) this.live.delete(delivery);
    else this.live.add(delivery);
    for (const check of this.#checks) check.changed?.(delivery, before, attempt);
  }

  #endpointCommitted({ endpointId: id, tenant, url, ...columns }: Change & { kind: "endpoint" }, commit: Commit): void {
    const { disabled, deleted, pausedUntil, discardUpTo, policyJson } = columns;
    let endpoint = this.endpoints.get(id);
    if (endpoint === undefined) {
      endpoint = new TrackedEndpoint({ id, tenant, host: new URL(url).host, commit });
      this.endpoints.set(id, endpoint);
      this.hosts.set(endpoint.host, endpoint);
    }
    const { elapsed } = this.#time;
    Object.assign(endpoint, { disabled, deleted, pausedUntil, discardUpTo, commit, changedAt: elapsed });
    if (endpoint.policies.at(-1)?.json === policyJson) endpoint.repair = commit;
    else endpoint.policies.push({ json: policyJson, commit });
  }
}

/** @param isWell Whether a process has been connected to the database and receiving notifications for a while. */
export function hasHeardAsNode(isWell: (run: Run) => boolean): HasHeard {
  return ({ at }, own, elapsed) => at < elapsed - (isWell(own) ? NEWS_MS : LATE_NEWS_MS);
}
