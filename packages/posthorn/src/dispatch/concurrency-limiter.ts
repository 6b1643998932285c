/** The places for attempts in flight, and whose turn it is to take one: in all, for a tenant, a host, slow endpoints and retries. */
import { Gate } from "./gate.ts";
import type { Lane } from "./lane.ts";
import { Round } from "./fair-queue.ts";
import type { DispatchLimits } from "./types.ts";

/** What an attempt in flight counts for. */
export interface Claim {
  readonly tenant: number;
  readonly host: string;
  readonly gates: readonly Gate[];
}

export class Slots {
  readonly #limits: DispatchLimits;
  readonly #onAdmitted: (lane: Lane) => void;
  readonly #round: Round;
  readonly #slow: Gate;
  readonly #retries: Gate;
  readonly #hosts = new Map<string, Gate>();
  #inFlight = 0;

  /** @param onAdmitted Told that a lane that waited for a bound may try again. */
  constructor(limits: DispatchLimits, onAdmitted: (lane: Lane) => void) {
    this.#limits = limits;
    this.#onAdmitted = onAdmitted;
    this.#round = new Round(limits.tenantConcurrency);
    this.#slow = new Gate(limits.slowConcurrency);
    this.#retries = new Gate(limits.retryConcurrency);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get isFree(): boolean {
    return this.#inFlight < this.#limits.concurrency;
  }

  get retriesFree(): boolean {
    return this.#retries.isOpen;
  }

  /** The lane may have a job to start: its turn comes. */
  join(lane: Lane): void {
    this.#round.join(lane);
  }

  /** Takes the lane whose turn it is out of the round. */
  next(): Lane | undefined {
    return this.#round.next();
  }

  /** What an attempt of the lane would count for; `null` when it must wait, and comes back by itself. */
  claimFor(lane: Lane, now: number): Claim | null {
    const { tenant, host } = lane.pace!.policy;
    const gates = lane.isSlow(now) ? [this.#host(host), this.#slow] : [this.#host(host)];
    const closed = gates.find((gate) => !gate.isOpen);
    if (closed === undefined) return { tenant, host, gates };
    closed.wait(lane);
    return null;
  }

  /** The lane has nothing but retries, and there is no place for one. */
  waitForRetries(lane: Lane): void {
    this.#retries.wait(lane);
  }

  /** Takes the places. */
  enter({ tenant, host, gates }: Claim, isRetry: boolean): Claim {
    const claim = { tenant, host, gates: isRetry ? [...gates, this.#retries] : gates };
    for (const gate of claim.gates) gate.enter();
    this.#round.started(tenant);
    this.#inFlight++;
    return claim;
  }

  /** Gives the places back. */
  leave({ tenant, host, gates }: Claim): void {
    this.#inFlight--;
    for (const gate of gates) {
      gate.leave();
      this.#admit(gate);
    }
    this.#round.ended(tenant);
    if (this.#hosts.get(host)?.isIdle === true) this.#hosts.delete(host);
  }

  /** A lane that did not start leaves its place at a bound to the next that waits there. */
  passOn(lane: Lane): void {
    if (lane.waitsAt !== null) return;
    this.#admit(this.#slow);
    this.#admit(this.#retries);
    const host = this.#hosts.get(lane.pace!.policy.host);
    if (host !== undefined) this.#admit(host);
  }

  clear(): void {
    this.#round.clear();
  }

  #admit(gate: Gate): void {
    const lane = gate.next();
    if (lane !== undefined) this.#onAdmitted(lane);
  }

  #host(name: string): Gate {
    let gate = this.#hosts.get(name);
    if (gate === undefined) {
      gate = new Gate(this.#limits.hostConcurrency);
      this.#hosts.set(name, gate);
    }
    return gate;
  }
}
