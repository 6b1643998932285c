/** Whether applications get their turns one after the other: what one is owed does not hold up first attempts of another. */
import { DELIVERY_STATE } from "../../../src/store/schema.ts";
import { MAX_PAUSE_MS } from "../../../src/dispatch/recorder.ts";
import type { DeliveryRow } from "../audit.ts";
import type { Check } from "../check.ts";
import type { Ledger } from "../ledger.ts";
import { policiesInForce } from "../policies.ts";
import type { Run } from "../run.ts";
import type { Tenure } from "../tenure.ts";
import type { OpenAttempt, TrackedDelivery, TrackedEndpoint } from "../tracked.ts";
import { UnderWay } from "../attempts-in-flight.ts";
import type { Verdict } from "../verdict.ts";
import type { VirtualTime } from "../virtual-time.ts";
import { hostnameOf } from "./shares.ts";

/** When nothing happened to an endpoint for so long, what is due for it waits for nothing but its turn: pages have arrived. */
const SETTLED_MS = 7000;
/** An endpoint that took the last so many attempts well, each in so little time, is neither failing nor slow, nor eased. */
const GOOD = 12;
const QUICK_MS = 1000;
/** And nothing else came of one for so long. */
const GOOD_FOR_MS = 60_000;

interface FairnessWorld {
  readonly ledger: Ledger;
  readonly time: VirtualTime;
  readonly verdict: Verdict;
  /** When a process, the database or a clock was in trouble the last time, in elapsed milliseconds. */
  readonly calmSince: () => number;
}

/**
 * A turn goes to the applications one after the other, and of each to its endpoints one after the other. So while an endpoint waits for
 * its turn, any other application has as many turns at most as this one has endpoints.
 */
export class FairnessCheck implements Check {
  readonly #world: FairnessWorld;
  readonly #underWay = new UnderWay();
  /** Until when an endpoint had something else to do or to wait for than its turn, in elapsed milliseconds. */
  readonly #busyUntil = new Map<TrackedEndpoint, number>();
  /** How many attempts each endpoint took well in a row, and when it did not the last time, in elapsed milliseconds. */
  readonly #good = new Map<TrackedEndpoint, { readonly tenure: Tenure; attempts: number; badAt: number }>();
  /** How many attempts each other application began while an endpoint waited. */
  readonly #passed = new Map<TrackedEndpoint, Map<number, number>>();

  constructor(world: FairnessWorld) {
    this.#world = world;
  }

  changed({ endpoint }: TrackedDelivery, before: DeliveryRow | null): void {
    if (before !== null) this.#isBusy(endpoint);
  }

  begun({ endpoint, name }: TrackedDelivery, { run }: OpenAttempt): void {
    this.#underWay.count(run, String(endpoint.tenant), 1);
    this.#isBusy(endpoint);
    // What is owed to one that is gone is nobody's.
    if (endpoint.deleted) return;
    for (const other of this.#world.ledger.endpoints.values()) {
      if (other.tenant === endpoint.tenant) continue;
      if (this.#waits(other, run)) this.#passBy(other, endpoint.tenant, name);
      else this.#passed.delete(other);
    }
  }

  ended({ endpoint }: TrackedDelivery, attempt: OpenAttempt): void {
    const { run, result } = attempt;
    this.#underWay.count(run, String(endpoint.tenant), -1);
    if (result?.kind === "made") this.#judge(endpoint, attempt, result.attempt.status === 0);
    // After a fault of our own it is left alone.
    this.#isBusy(endpoint, this.#world.time.elapsed + (result?.kind === "not_now" ? MAX_PAUSE_MS : 0));
  }

  #judge(endpoint: TrackedEndpoint, { tenure, begunAt }: OpenAttempt, succeeded: boolean): void {
    const { elapsed } = this.#world.time;
    let good = this.#good.get(endpoint);
    if (good?.tenure !== tenure) this.#good.set(endpoint, (good = { tenure, attempts: 0, badAt: -Infinity }));
    if (succeeded && elapsed - begunAt <= QUICK_MS) good.attempts++;
    else Object.assign(good, { attempts: 0, badAt: elapsed });
  }

  #isGood(endpoint: TrackedEndpoint, tenure: Tenure): boolean {
    const good = this.#good.get(endpoint);
    if (good === undefined) return true;
    if (good.tenure !== tenure) return false;
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
    this.#world.verdict.broken("fair", `${name} begins before ${endpoint.host} has its turn, as ${turns - 1} did`);
  }

  /** Whether a first attempt to this endpoint waits for its turn, and for nothing else. */
  #waits(endpoint: TrackedEndpoint, run: Run): boolean {
    const { ledger, time, calmSince } = this.#world;
    const tenure = ledger.tenureOf(endpoint.id);
    if (tenure?.run !== run || endpoint.disabled || endpoint.deleted) return false;
    if (endpoint.pausedUntil + SETTLED_MS > run.clock.wall) return false;
    const busy = this.#busyUntil.get(endpoint) ?? 0;
    const { changedAt, touchedAt } = endpoint;
    const since = Math.max(busy, changedAt, touchedAt, tenure.since, run.startedAt, calmSince()) + SETTLED_MS;
    if (since > time.elapsed || run.clock.jumpedAt > run.startedAt) return false;
    const { tenantConcurrency, hostConcurrency, concurrency } = run.settings.limits;
    if (!this.#isGood(endpoint, tenure) || (hostConcurrency < concurrency && this.#sharesHost(endpoint))) return false;
    if (this.#underWay.of(run, String(endpoint.tenant)) >= tenantConcurrency) return false;
    const policies = policiesInForce(ledger, endpoint, { run, from: time.elapsed - SETTLED_MS });
    if (policies.some(({ rate, order }) => rate !== null || order !== null)) return false;
    const deliveries = [...endpoint.deliveries.values()];
    return deliveries.every(({ open }) => open === null) && deliveries.some((delivery) => this.#isReady(delivery, run));
  }

  /** It was handed over as it was published, and is a first attempt. */
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
