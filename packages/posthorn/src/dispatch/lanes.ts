/** The lanes in memory, and how fast each endpoint was delivered to, which is kept a while longer. */
import { Lane } from "./lane.ts";
import { Pace } from "./rate-control.ts";
import type { LanePolicies, LanePolicy } from "./policy.ts";

/** Endpoints without a lane whose pace is kept; the longest unused ones go first. */
const MAX_PACES = 10_000;
/** Endpoints that were failing before a restart are tried again within this time, not all at once. */
const SPREAD_MS = 5000;

/** Of an endpoint that is gone: what is owed to it is canceled as soon as it is looked at, and what just failed is looked at once more. */
const GONE: LanePolicy = {
  tenant: -1,
  host: "",
  concurrency: 16,
  rate: null,
  pausedUntil: null,
  newestFirst: false,
  retry: {
    backoff: { kind: "exponential", firstMs: 0, factor: 1, maxMs: 0, attempts: Number.POSITIVE_INFINITY },
    maxAgeMs: null,
    stopCodes: [],
    retryCodes: null,
  },
  breaker: null,
  order: null,
};

/** What a dispatcher has in memory. */
export interface DispatcherLoad {
  /** Attempts under way. */
  readonly inFlight: number;
  readonly lanes: number;
  /** Bytes of the jobs that wait in lanes. */
  readonly queuedBytes: number;
  /** When the job was due that has waited longest for its turn, Unix milliseconds; `null`: none waits. */
  readonly oldestDue: number | null;
}

export class Lanes {
  readonly #policies: LanePolicies;
  readonly #random: () => number;
  readonly #lanes = new Map<number, Lane>();
  /** Of endpoints that have no lane now; the last used at the end. */
  readonly #paces = new Map<number, Pace>();
  #ownSince: number | null = null;

  constructor(policies: LanePolicies, random: () => number) {
    this.#policies = policies;
    this.#random = random;
  }

  get size(): number {
    return this.#lanes.size;
  }

  /** Until now an earlier run, or another node, had lanes that are made here from now on. */
  takenOver(now: number): void {
    this.#ownSince = now;
  }

  get(endpointId: number): Lane | undefined {
    return this.#lanes.get(endpointId);
  }

  /** Takes the lanes of these endpoints out, and forgets how fast they were delivered to. */
  remove(isGone: (endpointId: number) => boolean): readonly Lane[] {
    for (const endpointId of this.#paces.keys()) if (isGone(endpointId)) this.#paces.delete(endpointId);
    const removed = [...this.#lanes.values()].filter(({ endpointId }) => isGone(endpointId));
    for (const { endpointId } of removed) this.#lanes.delete(endpointId);
    return removed;
  }

  /** When the job was due that has waited longest for its turn, Unix milliseconds; what is held or left alone waits for something else. */
  oldestReady(now: number): number | null {
    let oldest = Infinity;
    for (const lane of this.#lanes.values()) {
      const { held, nextReady, pace } = lane;
      if (nextReady === null || held || lane.isPaused(now) || (pace?.heldUntil(now) ?? 0) > now) continue;
      oldest = Math.min(oldest, nextReady.due);
    }
    return oldest === Infinity ? null : oldest;
  }

  all(): readonly Lane[] {
    return [...this.#lanes.values()];
  }

  getOrMake(endpointId: number): Lane {
    let lane = this.#lanes.get(endpointId);
    if (lane === undefined) {
      lane = new Lane(endpointId);
      this.#lanes.set(endpointId, lane);
    }
    return lane;
  }

  /** Returns whether the lane was still in use. */
  drop(lane: Lane): boolean {
    const { endpointId, pace } = lane;
    if (this.#lanes.get(endpointId) !== lane) return false;
    this.#lanes.delete(endpointId);
    if (pace === null) return true;
    this.#paces.set(endpointId, pace);
    if (this.#paces.size > MAX_PACES) {
      const [oldest] = this.#paces.keys();
      this.#paces.delete(oldest!);
    }
    return true;
  }

  /** How fast an endpoint is delivered to, if that is in memory. */
  paceOf(endpointId: number): Pace | null {
    return this.#lanes.get(endpointId)?.pace ?? this.#paces.get(endpointId) ?? null;
  }

  /** Gives the lane the policy that holds now: at once, or when the promise resolves, which says whether it is another one. */
  refresh(lane: Lane, now: () => number): Promise<boolean> | null {
    const policy = this.#policies.policy(lane.endpointId);
    if (!(policy instanceof Promise)) {
      this.#adopt(lane, policy ?? GONE, now());
      return null;
    }
    return policy.then((found) => {
      const before = lane.pace?.policy;
      this.#adopt(lane, found ?? GONE, now());
      return before !== lane.pace!.policy;
    });
  }

  /** @param ms By how much the clock was set back; `now`: what it shows since. */
  clockSetBack(ms: number, now: number): void {
    for (const pace of this.#paces.values()) pace.clockSetBack(ms);
    for (const lane of this.#lanes.values()) lane.clockSetBack(ms, now);
  }

  clear(): void {
    this.#lanes.clear();
    this.#paces.clear();
  }

  #adopt(lane: Lane, policy: LanePolicy, now: number): void {
    if (lane.pace === null) {
      lane.pace = this.#paces.get(lane.endpointId) ?? this.#newPace(lane.endpointId, policy, now);
      this.#paces.delete(lane.endpointId);
    }
    lane.pace.adopt(policy, now);
  }

  #newPace(endpointId: number, policy: LanePolicy, now: number): Pace {
    const pace = new Pace(policy, now, this.#ownSince);
    const failing = this.#policies.failing?.(endpointId) ?? null;
    const { breaker } = policy;
    if (failing === null || breaker === null) return pace;
    if (failing.failures >= breaker.failures && now - failing.since >= breaker.windowMs) {
      pace.suspect(now, failing, this.#random() * SPREAD_MS);
    }
    return pace;
  }
}
