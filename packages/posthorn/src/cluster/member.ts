/**
 * Membership of this node in the cluster: renews its lease, takes its share of the shards, and gives up those that other nodes should have.
 *
 *     joined → working (a round every second and a half, and whenever something changes) → draining → left
 *
 * The database's clock decides which leases have expired. A node judges its own leases by a monotonic clock, counted from before it asked to
 * renew them and shortened by a margin, so that it starts nothing that it could not finish under the lease. A node that was declared dead by
 * mistake finds its membership slot taken, discards its shards, and joins again.
 */
import type { PassingTime } from "../lib/clock.ts";
import type { Lease, LaneOwners } from "../dispatch/types.ts";
import type { ClusterStore, ClusterView, NodeFacts, NodeReport, Membership } from "../store/cluster.ts";
import { type InShards, shardOf } from "../store/shards.ts";
import { planFor } from "./plan.ts";

export interface MemberOptions {
  readonly store: ClusterStore;
  readonly facts: NodeFacts;
  readonly time: PassingTime;
  readonly leaseMs?: number;
}

/** What a member needs of its node. */
export interface MemberWork {
  /** Takes up the work of these shards. */
  readonly gained: (isGained: InShards) => Promise<void>;
  /** Begins nothing in these shards any more; resolves when nothing is under way there. */
  readonly leave: (isLeft: InShards) => Promise<void>;
  /** The leases hold again that had run out. */
  readonly renewed: () => void;
  /** It has joined again, in another slot. */
  readonly moved: (membership: Membership) => void;
  readonly report: () => Omit<NodeReport, "draining">;
  /** Attempts under way in a shard: those with few are given up first. */
  readonly inFlight: (shard: number) => number;
  /** Tells the others that shards are free, or that this node came or went. */
  readonly announce: () => void;
  readonly trouble: (error: unknown) => void;
}

/** For how long a node may be silent. Its shards go to others then. */
export const LEASE_MS = 6000;
const ROUND_MS = 1500;
/** What a node leaves of its lease: an attempt that is about to begin has begun by then. */
const MARGIN_MS = 1500;
/** After the end of another node's lease. */
const AFTER_MS = 50;

export class Member implements LaneOwners, AsyncDisposable {
  /** Others may come at any time. */
  readonly alone = false;
  readonly #options: MemberOptions;
  readonly #leaseMs: number;
  #membership: Membership;
  #work: MemberWork | null = null;
  readonly #leases = new Map<number, Lease>();
  /** Shards that are being given up. */
  readonly #leaving = new Set<number>();
  /** What was left and is to be released with the next statement. */
  readonly #left = new Set<number>();
  /** By time that passes: until when attempts may begin. */
  #validUntil: number;
  /** By time that passes: since when its leases hold without a break. */
  #heldSince: number;
  /** Grows with each shard that came or went: a view from before says nothing of those. */
  #changes = 0;
  #gaining: Promise<void> = Promise.resolve();
  #inTrouble = false;
  #draining = false;
  #stopped = false;
  #round: Promise<void> | null = null;
  #again = false;
  #cancelTimer: () => void = () => undefined;

  private constructor(options: MemberOptions, membership: Membership, asked: number) {
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? LEASE_MS;
    this.#membership = membership;
    this.#heldSince = asked;
    this.#validUntil = asked + this.#leaseMs - MARGIN_MS;
  }

  /** Takes a membership slot. Shards come with `start`. */
  static async join(options: MemberOptions): Promise<Member> {
    const { store, facts, time, leaseMs = LEASE_MS } = options;
    const asked = time.monotonic();
    const membership = await store.join(facts, leaseMs);
    return new Member(options, membership, asked);
  }

  get membership(): Membership {
    return this.#membership;
  }

  /** Whether its lease still holds, so that no other node can have been given its membership slot. */
  get holdsSlot(): boolean {
    return this.#options.time.monotonic() < this.#validUntil;
  }

  /** The shards that this node owns. */
  get shards(): readonly number[] {
    return [...this.#leases.keys()].filter((shard) => !this.#leaving.has(shard));
  }

  /** Takes its share of the shards; resolves after the first round. */
  async start(work: MemberWork): Promise<void> {
    this.#work = work;
    work.announce();
    await this.look();
    await this.#gaining;
  }

  owns(key: number): boolean {
    return this.ownsShard(shardOf(key));
  }

  ownsShard(shard: number): boolean {
    return this.#leases.has(shard) && !this.#leaving.has(shard);
  }

  lease(key: number): Lease | null {
    const shard = shardOf(key);
    const lease = this.#leases.get(shard);
    if (lease === undefined || this.#leaving.has(shard) || !this.holdsSlot) return null;
    return lease;
  }

  /** Whether no other node can own the shard of this lease, also while this node is giving it up. */
  holds({ shard, fence }: Lease): boolean {
    return this.holdsSlot && this.#leases.get(shard)?.fence === fence;
  }

  /** Starts a round now, because something changed. */
  look(): Promise<void> {
    // Notifications can arrive before the start; the first round reads what they are about.
    if (this.#work === null) return Promise.resolve();
    this.#again = true;
    this.#round ??= this.#rounds().finally(() => (this.#round = null));
    return this.#round;
  }

  /** Takes no more shards, and gives up each of its own as soon as nothing is in flight in it. */
  async drain(): Promise<void> {
    this.#draining = true;
    await this.#giveUp(this.shards);
  }

  /** Releases the membership slot. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer();
    await this.#round;
    // Else its time runs out, and others see that.
    await this.#options.store.leave(this.#membership.id).catch(() => undefined);
    this.#work?.announce();
  }

  async #rounds(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false;
      this.#cancelTimer();
      let waitMs = ROUND_MS;
      try {
        waitMs = await this.#makeRound(this.#work!);
        this.#inTrouble = false;
      } catch (error) {
        // Said once, and not in each round until it is over.
        if (!this.#inTrouble) this.#work!.trouble(error);
        this.#inTrouble = true;
      }
      if (!this.#stopped) this.#cancelTimer = this.#options.time.setTimer(waitMs, () => void this.look());
    }
  }

  /** Returns when the next round is due. */
  async #makeRound(work: MemberWork): Promise<number> {
    const { store, time } = this.#options;
    const asked = time.monotonic();
    const report = { ...work.report(), draining: this.#draining };
    if (!(await store.renew(this.#membership.id, this.#leaseMs, report))) {
      await this.#joinAnew(work);
      return 0;
    }
    const hadLapsed = !this.holdsSlot;
    this.#validUntil = asked + this.#leaseMs - MARGIN_MS;
    if (hadLapsed) {
      this.#heldSince = asked;
      work.renewed();
    }
    if (this.#left.size > 0) await this.#release();
    const changes = this.#changes;
    const view = await store.view();
    if (this.#changes === changes) this.#settle(view, work);
    await this.#follow(view, work);
    return this.#untilNext(view);
  }

  /** What was taken or given up by a call whose answer got lost is as the database says. */
  #settle(view: ClusterView, work: MemberWork): void {
    const mine = view.shards.filter(({ nodeId }) => nodeId === this.#membership.id);
    const fences = new Map(mine.map(({ shard, fence }) => [shard, fence]));
    const lost = [...this.#leases.values()].filter(({ shard, fence }) => fences.get(shard) !== fence);
    for (const { shard } of lost) this.#forget(shard);
    if (lost.length > 0) void work.leave(inShards(lost.map(({ shard }) => shard))).catch(work.trouble);
    this.#takeUp(
      mine.filter(({ shard }) => !this.#leases.has(shard)).map(({ shard, fence }) => ({ shard, fence })),
      work,
    );
  }

  async #follow(view: ClusterView, work: MemberWork): Promise<void> {
    const { store, time } = this.#options;
    const plan = planFor(view, this.#membership.id);
    // After an outage of the database every lease has expired. The other nodes get a lease's time to renew theirs.
    const bury = time.monotonic() - this.#heldSince > this.#leaseMs ? plan.bury : [];
    const waits = new Set(plan.bury.filter((id) => !bury.includes(id)));
    const ownerOf = new Map(view.shards.map(({ shard, nodeId }) => [shard, nodeId]));
    const take = plan.take.filter((shard) => !waits.has(ownerOf.get(shard) ?? -1));
    if (take.length > 0 || bury.length > 0) this.#takeUp(await store.take(this.#membership.id, take, bury), work);
    const more = plan.surplus - this.#leaving.size;
    if (more > 0 && !this.#draining) {
      const idleFirst = this.shards.toSorted((a, b) => work.inFlight(a) - work.inFlight(b));
      // Others go on meanwhile: only these wait for what is under way.
      void this.#giveUp(idleFirst.slice(0, more)).catch(work.trouble);
    }
  }

  #takeUp(leases: readonly Lease[], work: MemberWork): void {
    if (leases.length === 0) return;
    this.#changes++;
    for (const lease of leases) this.#leases.set(lease.shard, lease);
    this.#gaining = work.gained(inShards(leases.map(({ shard }) => shard))).catch(work.trouble);
  }

  #forget(shard: number): void {
    this.#changes++;
    this.#leases.delete(shard);
    this.#leaving.delete(shard);
    this.#left.delete(shard);
  }

  async #giveUp(shards: readonly number[]): Promise<void> {
    for (const shard of shards) this.#leaving.add(shard);
    await Promise.all(shards.map((shard) => this.#giveUpOne(shard)));
  }

  async #giveUpOne(shard: number): Promise<void> {
    const lease = this.#leases.get(shard);
    await this.#work!.leave(inShards([shard]));
    // Lost meanwhile, and perhaps taken again.
    if (this.#leases.get(shard) !== lease) return;
    this.#left.add(shard);
    // Those that are left at the same moment go together.
    await Promise.resolve();
    await this.#release();
  }

  async #release(): Promise<void> {
    const shards = [...this.#left];
    if (shards.length === 0) return;
    this.#left.clear();
    try {
      await this.#options.store.release(this.#membership.id, shards);
      for (const shard of shards) this.#forget(shard);
      this.#work!.announce();
    } catch (error) {
      this.#work!.trouble(error);
      for (const shard of shards) this.#left.add(shard);
    }
  }

  /** It was thought dead: nothing is its own any more. */
  async #joinAnew(work: MemberWork): Promise<void> {
    const { store, facts, time } = this.#options;
    const lost = [...this.#leases.keys()];
    for (const shard of lost) this.#forget(shard);
    void work.leave(inShards(lost)).catch(work.trouble);
    const asked = time.monotonic();
    this.#membership = await store.join(facts, this.#leaseMs);
    this.#heldSince = asked;
    this.#validUntil = asked + this.#leaseMs - MARGIN_MS;
    work.moved(this.#membership);
    this.#again = true;
  }

  /** Milliseconds until the next round; earlier when a lease of another node may expire before it. */
  #untilNext({ nodes }: ClusterView): number {
    const ends = nodes.map(({ leaseMs }) => leaseMs + AFTER_MS).filter((ms) => ms > 0);
    return Math.max(AFTER_MS, Math.min(ROUND_MS, ...ends));
  }
}

function inShards(shards: readonly number[]): InShards {
  const known = new Set(shards);
  return (key) => known.has(shardOf(key));
}
