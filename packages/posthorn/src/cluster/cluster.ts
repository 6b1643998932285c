/** The part that one node has in the work of all: everything where there is one node, its shards where there are many. */
import { type PassingTime, systemTime } from "../lib/clock.ts";
import type { Lease, LaneOwners } from "../dispatch/types.ts";
import type { SettledKeys } from "../domain/stats/roll-up.ts";
import type { ClusterView, NodeFacts, Membership } from "../store/cluster.ts";
import { SHARDS } from "../store/shards.ts";
import type { Store } from "../store/store.ts";
import { Member, type MemberWork } from "./member.ts";

export interface ClusterOptions {
  readonly store: Store;
  readonly facts: NodeFacts;
  /** That of this machine unless given. */
  readonly time?: PassingTime;
}

/** What one shard is for beside its endpoints: work that is done once for all. */
const LEADING_SHARD = 0;
/** Id of the node where there is one. */
const SOLE_ID = 1;

export class Cluster implements LaneOwners, AsyncDisposable {
  readonly time: PassingTime;
  readonly #store: Store;
  readonly #facts: NodeFacts;
  readonly #member: Member | null;
  readonly #startedAt = Date.now();
  #work: MemberWork | null = null;

  private constructor({ store, facts, time = systemTime }: ClusterOptions, member: Member | null) {
    this.time = time;
    this.#store = store;
    this.#facts = facts;
    this.#member = member;
  }

  /** Takes a membership slot in the database. Throws when this node cannot join. */
  static async join(options: ClusterOptions): Promise<Cluster> {
    const { store, facts, time = systemTime } = options;
    if (store.cluster === null) return new Cluster(options, null);
    return new Cluster(options, await Member.join({ store: store.cluster, facts, time }));
  }

  /** `null`: there is one node. */
  get membership(): Membership | null {
    return this.#member?.membership ?? null;
  }

  /** Whether no other node can hold its membership slot now. */
  get holdsSlot(): boolean {
    return this.#member?.holdsSlot ?? true;
  }

  /** Whether this node does what is to be done once: retention, statistics, the watch over sources, operational webhooks. */
  get leads(): boolean {
    return this.#member?.ownsShard(LEADING_SHARD) ?? true;
  }

  /** Whether what has this key, an endpoint or a task, is this node's. */
  owns(key: number): boolean {
    return this.#member?.owns(key) ?? true;
  }

  get alone(): boolean {
    return this.#member === null;
  }

  lease(endpointId: number): Lease | undefined | null {
    return this.#member === null ? undefined : this.#member.lease(endpointId);
  }

  holds(lease: Lease | undefined): boolean {
    return lease === undefined || this.#member === null || this.#member.holds(lease);
  }

  /** Takes up its share of the work; resolves when that is known and taken up. */
  async start(work: MemberWork): Promise<void> {
    this.#work = work;
    if (this.#member !== null) await this.#member.start(work);
    else await work.gained(() => true);
  }

  /** How many shards this node has. */
  get shards(): number {
    return this.#member?.shards.length ?? SHARDS;
  }

  get id(): number {
    return this.membership?.id ?? SOLE_ID;
  }

  /** Keys up to which every other node has settled; infinite where there is none. */
  async settledByOthers(): Promise<SettledKeys> {
    const view = await this.#store.cluster?.view();
    let [messages, attempts] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (const { id, report } of view?.nodes ?? []) {
      if (id === this.id) continue;
      messages = Math.min(messages, report.settled.messages);
      attempts = Math.min(attempts, report.settled.attempts);
    }
    return { messages, attempts };
  }

  /** Who is there, and what is whose. */
  view(): Promise<ClusterView> {
    return this.#store.cluster?.view() ?? Promise.resolve(this.#soleView());
  }

  #soleView(): ClusterView {
    const { host, version } = this.#facts;
    const at = Date.now();
    const report = { draining: false, ...this.#work!.report() };
    const node = { id: SOLE_ID, host, version, startedAt: this.#startedAt, seenAt: at, leaseMs: Infinity, report };
    const shards = Array.from({ length: SHARDS }, (_, shard) => ({ shard, fence: 0, nodeId: SOLE_ID }));
    return { at, nodes: [node], shards };
  }

  /** A node came or went, or gave up shards. */
  look(): void {
    void this.#member?.look();
  }

  /** Gives up the work, each shard as soon as nothing is under way there. */
  async drain(): Promise<void> {
    await this.#member?.drain();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#member?.[Symbol.asyncDispose]();
  }
}
