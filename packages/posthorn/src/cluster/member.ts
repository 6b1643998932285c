/**
 * Membership of this node in the cluster: renews its lease, takes its share of the shards, and gives up shards that belong to other nodes.
 *
 *     joined → working (a round every 1.5 s, and whenever something changes) → draining → left
 *
 * The database's clock decides which leases have expired. A node measures its own lease with a monotonic clock, from the moment before it
 * sent the renewal and minus a safety margin, so that it starts no attempt after the lease may have expired. A node that was declared dead
 * by mistake finds its membership slot gone, discards its shards, and joins again.
 */
import type { PassingTime } from "../lib/clock.ts";
import type { LaneOwners } from "../dispatch/types.ts";
import type { Lease } from "../store/delivery.ts";
import type { ClusterStore, ClusterView, NodeFacts, NodeReport, Membership } from "../store/cluster.ts";
import { type InShards, shardOf } from "../store/shards.ts";
import { contestedKinds, isSentTo, type KindView } from "./kinds.ts";
import { planFor } from "./plan.ts";

export interface MemberOptions {
  readonly store: ClusterStore;
  readonly facts: NodeFacts;
  readonly time: PassingTime;
  readonly leaseMs?: number;
  /** Longest time between two rounds. */
  readonly roundMs?: number;
}

/** Callbacks from a member to its node. */
export interface MemberWork {
  /** Starts the work of these shards. */
  readonly gained: (isGained: InShards) => Promise<void>;
  /** Starts no more work in these shards; resolves when none is in progress there. */
  readonly leave: (isLeft: InShards) => Promise<void>;
  /** Called when leases that had expired are valid again. */
  readonly renewed: () => void;
  /** Called when the node has joined again, in another slot. */
  readonly moved: (membership: Membership) => void;
  readonly report: () => Omit<NodeReport, "draining">;
  /** In-flight attempts of a shard. Shards with the fewest are given up first. */
  readonly inFlight: (shard: number) => number;
  /** Notifies the other nodes that shards are free, or that this node joined or left. */
  readonly announce: () => void;
  readonly onError: (error: unknown) => void;
}

/** Lease duration. A node that does not renew for this long loses its shards to other nodes. */
export const LEASE_MS = 6000;
const ROUND_MS = 1500;
/** Safety margin: a node stops starting attempts this long before its lease expires. */
const MARGIN_MS = 1500;
/** Delay after another node's lease ends before the next round checks it. */
const LEASE_END_DELAY_MS = 50;

export class Member implements LaneOwners, AsyncDisposable {
  /** Always false: other nodes can join at any time. */
  readonly alone = false;
  readonly #options: MemberOptions;
  readonly #leaseMs: number;
  readonly #roundMs: number;
  #membership: Membership;
  #work: MemberWork | null = null;
  readonly #leases = new Map<number, Lease>();
  /** Shards that are being given up. */
  readonly #leaving = new Set<number>();
  /** Shards without work that the next statement releases in the database. */
  readonly #left = new Set<number>();
  /** Monotonic time until which attempts may start. */
  #validUntil: number;
  /** Monotonic time since which the leases have been valid without interruption. */
  #heldSince: number;
  /** Incremented when shards are gained or lost, to detect a cluster view that was read before the change. */
  #changes = 0;
  #gaining: Promise<void> = Promise.resolve();
  #roundFailed = false;
  /** The cluster as of the last round. */
  #view: KindView | null = null;
  #draining = false;
  #stopped = false;
  #round: Promise<void> | null = null;
  #again = false;
  #cancelTimer: () => void = () => undefined;

  private constructor(options: MemberOptions, membership: Membership, asked: number) {
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? LEASE_MS;
    this.#roundMs = options.roundMs ?? ROUND_MS;
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

  /** Whether the lease is still valid, so that no other node can have been given the membership slot. */
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

  /** Whether no other node can own the shard of this lease. Remains true while this node is giving the shard up. */
  holds({ shard, fence }: Lease): boolean {
    return this.holdsSlot && this.#leases.get(shard)?.fence === fence;
  }

  /**
   * Whether a node of the cluster sends to an endpoint of a kind, as of the last round.
   *
   * @param endpointId `null`: whether some node sends to the kind.
   * @returns `null`: unknown.
   */
  isSentTo(kind: string, endpointId: number | null): boolean | null {
    return this.#view && isSentTo(this.#view, kind, endpointId === null ? null : shardOf(endpointId));
  }

  /** Starts a round now, because something changed. */
  look(): Promise<void> {
    // Notifications can arrive before the start; the first round reads the current state anyway.
    if (this.#work === null) return Promise.resolve();
    this.#again = true;
    this.#round ??= this.#rounds().finally(() => (this.#round = null));
    return this.#round;
  }

  /** Takes no more shards, and gives up each owned shard as soon as it has no attempts in flight. */
  async drain(): Promise<void> {
    this.#draining = true;
    // The other nodes leave free shards to a node until it reports that it is draining, which takes long if rounds are rare.
    if (this.#roundMs > ROUND_MS) await this.look();
    await this.#leaveShards(this.shards);
  }

  /** Releases the membership slot. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer();
    await this.#round;
    // If this fails, the other nodes take over when the lease expires.
    await this.#options.store.leave(this.#membership.id).catch(() => undefined);
    this.#work?.announce();
  }

  async #rounds(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false;
      this.#cancelTimer();
      let waitMs = this.#roundMs;
      try {
        waitMs = await this.#makeRound(this.#work!);
        this.#roundFailed = false;
      } catch (error) {
        // Reported once per outage, not in every round.
        waitMs = Math.min(ROUND_MS, this.#roundMs);
        if (!this.#roundFailed) this.#work!.onError(error);
        this.#roundFailed = true;
      }
      if (!this.#stopped) this.#cancelTimer = this.#options.time.setTimer(waitMs, () => void this.look());
    }
  }

  /** Returns the milliseconds until the next round. */
  async #makeRound(work: MemberWork): Promise<number> {
    const { store, time } = this.#options;
    const asked = time.monotonic();
    const report = { ...work.report(), draining: this.#draining };
    let changes = this.#changes;
    let view = await store.renew(this.#membership.id, this.#leaseMs, report);
    if (view === null) {
      await this.#rejoin(work);
      return 0;
    }
    const hadLapsed = !this.holdsSlot;
    this.#validUntil = asked + this.#leaseMs - MARGIN_MS;
    if (hadLapsed) {
      this.#heldSince = asked;
      work.renewed();
    }
    if (this.#left.size > 0) {
      await this.#release();
      changes = this.#changes;
      view = await store.view();
    }
    if (this.#changes === changes) this.#settle(view, work);
    this.#view = await this.#withKinds(view);
    await this.#follow(this.#view, work);
    return this.#untilNext(view);
  }

  /** Reads no kinds while all nodes can send to the same ones. */
  async #withKinds(view: ClusterView): Promise<KindView> {
    const contested = contestedKinds(view);
    return { ...view, kinds: contested.length === 0 ? new Map() : await this.#options.store.kindsByShard(contested) };
  }

  /** Adopts the ownership in the database: the response to an earlier take or release may have been lost. */
  #settle(view: ClusterView, work: MemberWork): void {
    const mine = view.shards.filter(({ nodeId }) => nodeId === this.#membership.id);
    const fences = new Map(mine.map(({ shard, fence }) => [shard, fence]));
    const lost = [...this.#leases.values()].filter(({ shard, fence }) => fences.get(shard) !== fence);
    for (const { shard } of lost) this.#forget(shard);
    if (lost.length > 0) void work.leave(inShards(lost.map(({ shard }) => shard))).catch(work.onError);
    this.#takeUp(
      mine.filter(({ shard }) => !this.#leases.has(shard)).map(({ shard, fence }) => ({ shard, fence })),
      work,
    );
  }

  async #follow(view: KindView, work: MemberWork): Promise<void> {
    const { store, time } = this.#options;
    const plan = planFor(view, this.#membership.id);
    // After a database outage every lease has expired. The other nodes get one lease duration to renew theirs.
    const expired = time.monotonic() - this.#heldSince > this.#leaseMs ? plan.expired : [];
    const waits = new Set(plan.expired.filter((id) => !expired.includes(id)));
    const ownerOf = new Map(view.shards.map(({ shard, nodeId }) => [shard, nodeId]));
    const take = plan.take.filter((shard) => !waits.has(ownerOf.get(shard) ?? -1));
    if (take.length > 0 || expired.length > 0) this.#takeUp(await store.take(this.#membership.id, take, expired), work);
    if (this.#draining) return;
    // Not awaited here and below: only these shards wait for their attempts in flight.
    void this.#leaveShards(plan.release.filter((shard) => this.ownsShard(shard))).catch(work.onError);
    const more = plan.surplus - this.#leaving.size;
    if (more > 0) {
      const idleFirst = this.shards.toSorted((a, b) => work.inFlight(a) - work.inFlight(b));
      void this.#leaveShards(idleFirst.slice(0, more)).catch(work.onError);
    }
  }

  #takeUp(leases: readonly Lease[], work: MemberWork): void {
    if (leases.length === 0) return;
    this.#changes++;
    for (const lease of leases) this.#leases.set(lease.shard, lease);
    this.#gaining = work.gained(inShards(leases.map(({ shard }) => shard))).catch(work.onError);
  }

  #forget(shard: number): void {
    this.#changes++;
    this.#leases.delete(shard);
    this.#leaving.delete(shard);
    this.#left.delete(shard);
  }

  async #leaveShards(shards: readonly number[]): Promise<void> {
    for (const shard of shards) this.#leaving.add(shard);
    await Promise.all(shards.map((shard) => this.#leaveShard(shard)));
  }

  async #leaveShard(shard: number): Promise<void> {
    const lease = this.#leases.get(shard);
    await this.#work!.leave(inShards([shard]));
    // The shard was lost in the meantime, and may have been taken again.
    if (this.#leases.get(shard) !== lease) return;
    this.#left.add(shard);
    // Shards that become idle in the same tick are released with one statement.
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
      this.#work!.onError(error);
      for (const shard of shards) this.#left.add(shard);
    }
  }

  /** Joins again after the other nodes declared this node dead; it no longer owns any shard. */
  async #rejoin(work: MemberWork): Promise<void> {
    const { store, facts, time } = this.#options;
    const lost = [...this.#leases.keys()];
    for (const shard of lost) this.#forget(shard);
    void work.leave(inShards(lost)).catch(work.onError);
    const asked = time.monotonic();
    this.#membership = await store.join(facts, this.#leaseMs);
    this.#heldSince = asked;
    this.#validUntil = asked + this.#leaseMs - MARGIN_MS;
    work.moved(this.#membership);
    this.#again = true;
  }

  /** Milliseconds until the next round; earlier when a lease of another node may expire before it. */
  #untilNext({ nodes }: ClusterView): number {
    const ends = nodes.map(({ leaseMs }) => leaseMs + LEASE_END_DELAY_MS).filter((ms) => ms > 0);
    return Math.max(LEASE_END_DELAY_MS, Math.min(this.#roundMs, ...ends));
  }
}

function inShards(shards: readonly number[]): InShards {
  const known = new Set(shards);
  return (key) => known.has(shardOf(key));
}
