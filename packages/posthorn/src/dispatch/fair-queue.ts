/** Whose turn it is: the tenants one after the other, and of each tenant its lanes one after the other. */
import { Fifo } from "./fifo.ts";
import type { Lane } from "./lane.ts";

interface Tenant {
  readonly key: number;
  readonly lanes: Fifo<Lane>;
  inFlight: number;
  /** Whether it is among those whose turn comes. */
  inRound: boolean;
}

/** A tenant with ten thousand endpoints gets its turn as often as one with a single one, and so many slots at most. */
export class Round {
  readonly #tenantCap: number;
  readonly #tenants = new Map<number, Tenant>();
  readonly #turns = new Fifo<Tenant>();

  constructor(tenantCap: number) {
    this.#tenantCap = tenantCap;
  }

  join(lane: Lane): void {
    if (lane.inRound) return;
    lane.inRound = true;
    lane.waitsAt = null;
    const tenant = this.#tenant(lane.pace!.policy.tenant);
    tenant.lanes.push(lane);
    this.#enter(tenant);
  }

  /** Takes the lane whose turn it is out of the round. */
  next(): Lane | undefined {
    for (;;) {
      const tenant = this.#turns.shift();
      if (tenant === undefined) return undefined;
      tenant.inRound = false;
      if (tenant.inFlight >= this.#tenantCap) continue;
      const lane = tenant.lanes.shift();
      if (lane === undefined) {
        this.#forget(tenant);
        continue;
      }
      lane.inRound = false;
      this.#enter(tenant);
      return lane;
    }
  }

  started(tenant: number): void {
    this.#tenant(tenant).inFlight++;
  }

  ended(key: number): void {
    const tenant = this.#tenant(key);
    tenant.inFlight--;
    this.#enter(tenant);
    this.#forget(tenant);
  }

  clear(): void {
    this.#turns.drain();
    this.#tenants.clear();
  }

  #tenant(key: number): Tenant {
    let tenant = this.#tenants.get(key);
    if (tenant === undefined) {
      tenant = { key, lanes: new Fifo(), inFlight: 0, inRound: false };
      this.#tenants.set(key, tenant);
    }
    return tenant;
  }

  #enter(tenant: Tenant): void {
    if (tenant.inRound || tenant.lanes.length === 0) return;
    tenant.inRound = true;
    this.#turns.push(tenant);
  }

  #forget(tenant: Tenant): void {
    if (tenant.inFlight === 0 && tenant.lanes.length === 0 && !tenant.inRound) this.#tenants.delete(tenant.key);
  }
}
