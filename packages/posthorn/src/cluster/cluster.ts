/** This node's share of the work: everything on a single node, the shards it owns in a cluster. */
import { type PassingTime, systemTime } from "../lib/clock.ts";
import type { LaneOwners } from "../dispatch/types.ts";
import type { Job, Lease } from "../store/delivery.ts";
import type { SettledKeys } from "../domain/stats/roll-up.ts";
import { type ClusterView, type Membership, type NodeFacts, settledKeys } from "../store/cluster.ts";
import { SHARDS } from "../store/shards.ts";
import type { Store } from "../store/store.ts";
import { Member, type MemberWork } from "./member.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import type { DispatchHints } from "../domain/ports.ts";
import type { DeliveryKey } from "../store/signal.ts";
import type { JobExchange } from "./job-exchange.ts";

export interface ClusterOptions {
  readonly store: Store;
  readonly facts: NodeFacts;
  /** Default: the clock of this machine. */
  readonly time?: PassingTime;
}

/** The owner of this shard also does the work that runs once per cluster. */
const LEADING_SHARD = 0;
/** Id of the node outside of a cluster. */
const SINGLE_NODE_ID = 1;

export class Cluster implements LaneOwners, AsyncDisposable {
  readonly time: PassingTime;
  readonly #store: Store;
  readonly #facts: NodeFacts;
  readonly #member: Member | null;
  readonly #startedAt = Date.now();
  #work: MemberWork | null = null;
  /** Called when shards were gained or are left. */
  onShards: () => void = () => undefined;

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
    return new Cluster(options, await Member.join({ store: store.cluster, facts, time, ...store.cluster.times }));
  }

  /** `null` on a single node. */
  get membership(): Membership | null {
    return this.#member?.membership ?? null;
  }

  /** Whether no other node can currently hold its membership slot. */
  get holdsSlot(): boolean {
    return this.#member?.holdsSlot ?? true;
  }

  /** Whether this node does the work that runs once per cluster: retention, statistics, activity monitoring of sources, operational webhooks. */
  get leads(): boolean {
    return this.#member?.ownsShard(LEADING_SHARD) ?? true;
  }

  /** Whether this node owns the endpoint or task with this key. */
  owns(key: number): boolean {
    return this.#member?.owns(key) ?? true;
  }

  get alone(): boolean {
    return this.#member === null || this.#store.cluster?.isAlone === true;
  }

  lease(endpointId: number): Lease | undefined | null {
    return this.#member === null ? undefined : this.#member.lease(endpointId);
  }

  holds(lease: Lease | undefined): boolean {
    return lease === undefined || this.#member === null || this.#member.holds(lease);
  }

  /** Starts this node's share of the work; resolves once the share is known and started. */
  async start(work: MemberWork): Promise<void> {
    this.#work = work;
    if (this.#member !== null) await this.#member.start(work);
    else await work.gained(() => true);
  }

  /** As `Member.isSentTo`; `null` on a single node. */
  isSentTo(kind: string, endpointId: number | null): boolean | null {
    return this.#member?.isSentTo(kind, endpointId) ?? null;
  }

  /** The shards this node owns, in a cluster. */
  get ownedShards(): readonly number[] {
    return this.#member?.shards ?? [];
  }

  /** Number of shards this node owns. */
  get shards(): number {
    return this.#member?.shards.length ?? SHARDS;
  }

  get id(): number {
    return this.membership?.id ?? SINGLE_NODE_ID;
  }

  /** Keys up to which every other node has settled; infinite if there are no other nodes. */
  async settledByOthers(): Promise<SettledKeys> {
    const { cluster } = this.#store;
    await cluster?.gatherReports?.();
    return settledKeys((await cluster?.view()) ?? { nodes: [] }, this.id);
  }

  /** The nodes with their current reports, and which node owns which shard. */
  async view(): Promise<ClusterView> {
    const { cluster } = this.#store;
    if (cluster === null) return this.#singleNodeView();
    if (cluster.gatherReports !== undefined) await Promise.all([cluster.gatherReports(), this.#member?.look()]);
    return cluster.view();
  }

  #singleNodeView(): ClusterView {
    const { host, thread = null, version, kinds } = this.#facts;
    const at = Date.now();
    const report = { draining: false, ...this.#work!.report() };
    const node = {
      id: SINGLE_NODE_ID,
      host,
      thread,
      version,
      startedAt: this.#startedAt,
      seenAt: at,
      leaseMs: Infinity,
      kinds,
      report,
    };
    const shards = Array.from({ length: SHARDS }, (_, shard) => ({ shard, fence: 0, nodeId: SINGLE_NODE_ID }));
    return { at, nodes: [node], shards };
  }

  /** Starts a membership round, because a node joined or left, or gave up shards. */
  look(): void {
    void this.#member?.look();
  }

  /** Gives up all shards, each as soon as it has no attempts in flight. */
  async drain(): Promise<void> {
    await this.#member?.drain();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#member?.[Symbol.asyncDispose]();
  }
}

export interface ClusterDispatchOptions {
  readonly cluster: Pick<Cluster, "owns" | "ownedShards" | "onShards">;
  readonly dispatcher: Dispatcher;
  readonly store: Pick<Store, "signal">;
  /** Absent or `null`: this node is the only one of its process. */
  readonly exchange?: JobExchange | null;
}

/** Routes new deliveries from the domain to the lanes of this node, or notifies the node that owns the lane. */
export class ClusterDispatch implements DispatchHints {
  readonly #options: ClusterDispatchOptions;

  constructor(options: ClusterDispatchOptions) {
    this.#options = options;
    const { cluster, exchange = null } = options;
    if (exchange === null) return;
    cluster.onShards = () => exchange.announce();
    exchange.connect({
      shards: () => cluster.ownedShards,
      receive: (jobs) => this.#notify(this.#pushOwn(jobs)),
      notify: (jobs) => this.#notify(jobs),
    });
  }

  push(jobs: readonly Job[]): void {
    const others = this.#pushOwn(jobs);
    if (others.length > 0) this.#notify(this.#options.exchange?.give(others) ?? others);
  }

  /** Queues the jobs of this node's lanes, and returns those that other nodes own. */
  #pushOwn(jobs: readonly Job[]): readonly Job[] {
    const { cluster, dispatcher } = this.#options;
    const own = jobs.filter(({ endpointId }) => cluster.owns(endpointId));
    if (own.length > 0) dispatcher.push(own);
    return own.length === jobs.length ? [] : jobs.filter(({ endpointId }) => !cluster.owns(endpointId));
  }

  #notify(jobs: readonly Pick<Job, "endpointId" | "due">[]): void {
    if (jobs.length === 0) return;
    const endpointIds = [...new Set(jobs.map(({ endpointId }) => endpointId))];
    this.#options.store.signal({ kind: "due", endpointIds, from: Math.min(...jobs.map(({ due }) => due)) });
  }

  look(endpointIds: readonly number[], from: number | null): void {
    this.#options.dispatcher.look(endpointIds, from);
  }

  wake(endpointId: number): void {
    this.#options.dispatcher.wake(endpointId);
  }

  tryNow(endpointId: number): void {
    this.#options.dispatcher.tryNow(endpointId);
  }

  revoke(deliveries: readonly DeliveryKey[]): void {
    this.#options.exchange?.revoked(deliveries);
    this.#options.dispatcher.revoke(deliveries);
  }
}
