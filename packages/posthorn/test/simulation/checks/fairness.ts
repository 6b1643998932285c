/** Checks that applications are served in turn: the backlog of one does not delay first attempts of another. */
import { DELIVERY_STATE } from "../../../src/store/schema.ts";
import { MAX_PAUSE_MS } from "../../../src/dispatch/outcome.ts";
import type { DeliveryRow } from "../audit.ts";
import type { Check } from "../check.ts";
import type { Ledger } from "../ledger.ts";
import { policiesInForce } from "../policies.ts";
import type { Run } from "../run.ts";
import type { Ownership } from "../ownership.ts";
import type { OpenAttempt, TrackedDelivery, TrackedEndpoint } from "../tracked.ts";
import { AttemptsInFlight } from "../attempts-in-flight.ts";
import type { Verdict } from "../verdict.ts";
import type { VirtualTime } from "../virtual-time.ts";
import { hostnameOf } from "./shares.ts";

/** After this time without any event, pages have arrived, and a due delivery of an endpoint waits only to be served. */
const SETTLED_MS = 7000;
/** After this many fast successes in a row, an endpoint is neither failing nor slow, and its rate is not reduced. */
const GOOD = 12;
const QUICK_MS = 1000;
/** And after this time without another result. */
const GOOD_FOR_MS = 60_000;

interface FairnessWorld {
  readonly ledger: Ledger;
  readonly time: VirtualTime;
  readonly verdict: Verdict;
  /** When a process, the database or a clock last had a fault, in elapsed milliseconds. */
  readonly calmSince: () => number;
}

/**
 * Applications are served in turn, and the endpoints of each in turn. So while an endpoint waits to be served, any other application is
 * served at most as often as this one has endpoints.
 */
export class FairnessCheck implements Check {
  readonly #world: FairnessWorld;
  readonly #attemptsInFlight = new AttemptsInFlight();
  /** Time until which an endpoint waited for something other than being served, in elapsed milliseconds. */
  readonly #busyUntil = new Map<TrackedEndpoint, number>();
  /** Fast successes in a row of each endpoint, and when it last had another result, in elapsed milliseconds. */
  readonly #good = new Map<TrackedEndpoint, { readonly ownership: Ownership; attempts: number; badAt: number }>();
  /** How many attempts each other application started while an endpoint waited. */
  readonly #passed = new Map<TrackedEndpoint, Map<number, number>>();

  constructor(world: FairnessWorld) {
    this.#world = world;
  }

  changed({ endpoint }: TrackedDelivery, before: DeliveryRow | null): void {
    if (before !== null) this.#isBusy(endpoint);
  }

  begun({ endpoint, name }: TrackedDelivery, { run }: OpenAttempt): void {
    this.#attemptsInFlight.count(run, String(endpoint.tenant), 1);
    this.#isBusy(endpoint);
    // Deliveries of a deleted endpoint belong to no application.
    if (endpoint.deleted) return;
    for (const other of this.#world.ledger.endpoints.values()) {
      if (other.tenant === endpoint.tenant) continue;
      if (this.#waits(other, run)) this.#passBy(other, endpoint.tenant, name);
      else this.#passed.delete(other);
    }
  }

  ended({ endpoint }: TrackedDelivery, attempt: OpenAttempt): void {
    const { run, result } = attempt;
    this.#attemptsInFlight.count(run, String(endpoint.tenant), -1);
    if (result?.kind === "made") this.#recordResult(endpoint, attempt, result.attempt.status === 0);
    // After a fault on our side the lane is paused.
    this.#isBusy(endpoint, this.#world.time.elapsed + (result?.kind === "not_now" ? MAX_PAUSE_MS : 0));
  }

  #recordResult(endpoint: TrackedEndpoint, { ownership, begunAt }: OpenAttempt, succeeded: boolean): void {
    const { elapsed } = this.#world.time;
    let good = this.#good.get(endpoint);
    if (good?.ownership !== ownership) this.#good.set(endpoint, (good = { ownership, attempts: 0, badAt: -Infinity }));
    if (succeeded && elapsed - begunAt <= QUICK_MS) good.attempts++;
    else Object.assign(good, { attempts: 0, badAt: elapsed });
  }

  #isGood(endpoint: TrackedEndpoint, ownership: Ownership): boolean {
    const good = this.#good.get(endpoint);
    if (good === undefined) return true;
    if (good.ownership !== ownership) return false;
    return good.badAt === -Infinity || (good.attempts >= GOOD && this.#world.time.elapsed - good.badAt >= GOOD_FOR_MS);
  }

  #isBusy(endpoint: TrackedEndpoint, until: number = this.#world.time.elapsed): void {
    this.#busyUntil.set(endpoint, Math.max(until, this.#busyUntil.get(endpoint) ?? 0));
    this.#passed.delete(endpoint);
  }

  #passBy(endpoint: TrackedEndpoint, tenant: number, name: string): void {
    const passed = this.#passed.get(endpoint) ?? new Map<number, number>();
    this.#passed.set(endpoint, passed);
    const turns = (passed.get(tenant) ?? 0) + 1;
    passed.set(tenant, turns);
    const most = [...this.#world.ledger.endpoints.values()].filter((other) => other.tenant === endpoint.tenant).length;
    if (turns <= most) return;
    this.#world.verdict.broken("fair", `${name} starts before ${endpoint.host} is served, as ${turns - 1} others did`);
  }

  /** Whether a first attempt to this endpoint waits only to be served. */
  #waits(endpoint: TrackedEndpoint, run: Run): boolean {
    const { ledger, time, calmSince } = this.#world;
    const ownership = ledger.ownershipOf(endpoint.id);
    if (ownership?.run !== run || endpoint.disabled || endpoint.deleted) return false;
    if (endpoint.pausedUntil + SETTLED_MS > run.clock.wall) return false;
    const busy = this.#busyUntil.get(endpoint) ?? 0;
    const { changedAt, touchedAt } = endpoint;
    const since = Math.max(busy, changedAt, touchedAt, ownership.since, run.startedAt, calmSince()) + SETTLED_MS;
    if (since > time.elapsed || run.clock.jumpedAt > run.startedAt) return false;
    const { tenantConcurrency, hostConcurrency, concurrency } = run.settings.limits;
    if (!this.#isGood(endpoint, ownership) || (hostConcurrency < concurrency && this.#sharesHost(endpoint)))
      return false;
    if (this.#attemptsInFlight.of(run, String(endpoint.tenant)) >= tenantConcurrency) return false;
    const policies = policiesInForce(ledger, endpoint, { run, from: time.elapsed - SETTLED_MS });
    if (policies.some(({ rate, order }) => rate !== null || order !== null)) return false;
    const deliveries = [...endpoint.deliveries.values()];
    return deliveries.every(({ open }) => open === null) && deliveries.some((delivery) => this.#isReady(delivery, run));
  }

  /** It is a first attempt that was handed over when it was published. */
  #isReady({ row, commit, madeAt }: TrackedDelivery, run: Run): boolean {
    const { state, due, attempts, generation } = row;
    if (due === null || state !== DELIVERY_STATE.pending || attempts + generation > 0) return false;
    const { answeredAt, confirmed, at } = commit;
    if (!confirmed || answeredAt === null || at !== madeAt || commit.run !== run.number) return false;
    return answeredAt + SETTLED_MS <= this.#world.time.elapsed && due + SETTLED_MS <= run.clock.wall;
  }

  #sharesHost(endpoint: TrackedEndpoint): boolean {
    const name = hostnameOf(endpoint.host);
    for (const other of this.#world.ledger.endpoints.values()) {
      if (other !== endpoint && hostnameOf(other.host) === name) return true;
    }
    return false;
  }
}
