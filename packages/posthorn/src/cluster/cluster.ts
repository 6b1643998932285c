/** The part that one node has in the work of all: everything where there is one node, its shards where there are many. */
import type { Lease, LaneOwners } from "../dispatch/types.ts";
import type { SettledKeys } from "../domain/stats/roll-up.ts";
import type { ClusterView, NodeFacts, Seat } from "../store/cluster.ts";
import type { Store } from "../store/store.ts";
import { Member, type MemberWork } from "./member.ts";

export interface ClusterOptions {
  readonly store: Store;
  readonly facts: NodeFacts;
}

/** What one shard is for beside its endpoints: work that is done once for all. */
const LEADING_SHARD = 0;

export class Cluster implements LaneOwners, AsyncDisposable {
  readonly #store: Store;
  readonly #member: Member | null;

  private constructor(store: Store, member: Member | null) {
    this.#store = store;
    this.#member = member;
  }

  /** Takes a seat among the nodes of the database. Throws when this node cannot be one of them. */
  static async join({ store, facts }: ClusterOptions): Promise<Cluster> {
    if (store.cluster === null) return new Cluster(store, null);
    const setTimer = (ms: number, callback: () => void): (() => void) => {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    };
    const member = await Member.join({ store: store.cluster, facts, monotonic: () => performance.now(), setTimer });
    return new Cluster(store, member);
  }

  /** `null`: there is one node. */
  get seat(): Seat | null {
    return this.#member?.seat ?? null;
  }

  /** Whether this node does what is to be done once: retention, statistics, the watch over sources, operational webhooks. */
  get leads(): boolean {
    return this.#member?.ownsShard(LEADING_SHARD) ?? true;
  }

  /** Whether what has this key, an endpoint or a task, is this node's. */
  owns(key: number): boolean {
    return this.#member?.owns(key) ?? true;
  }

  lease(endpointId: number): Lease | undefined | null {
    return this.#member === null ? undefined : this.#member.lease(endpointId);
  }

  /** Takes up its share of the work; resolves when that is known and taken up. */
  async start(work: MemberWork): Promise<void> {
    if (this.#member !== null) await this.#member.start(work);
    else await work.gained(() => true);
  }

  /** Keys up to which every other node has settled; infinite where there is none. */
  async settledByOthers(): Promise<SettledKeys> {
    const view = await this.view();
    let [messages, attempts] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (const { id, report } of view?.nodes ?? []) {
      if (id === this.seat?.id) continue;
      messages = Math.min(messages, report.settled.messages);
      attempts = Math.min(attempts, report.settled.attempts);
    }
    return { messages, attempts };
  }

  /** Who is there, and what is whose; `null`: there is one node. */
  async view(): Promise<ClusterView | null> {
    return this.#store.cluster === null ? null : this.#store.cluster.view();
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
