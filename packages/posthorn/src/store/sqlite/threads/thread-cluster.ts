/** Membership of a thread among those that share the writer thread, which keeps all of it in memory. */
import type { Kysely } from "kysely";
import {
  type ClusterStore,
  type ClusterView,
  type KindsByShard,
  type Membership,
  type NodeFacts,
  type NodeReport,
  settledKeys,
} from "../../cluster.ts";
import type { Lease } from "../../delivery.ts";
import type { Database } from "../../schema.ts";
import { kindsByShard, shardOf } from "../../shards.ts";
import type { Siblings } from "../../siblings.ts";
import type { SharedThread } from "../protocol.ts";

export interface ThreadClusterOptions {
  readonly thread: SharedThread;
  readonly siblings: Siblings;
  readonly db: Kysely<Database>;
}

export class ThreadCluster implements ClusterStore {
  /** Memberships do not expire, and each change is announced. */
  readonly times = { leaseMs: Infinity, roundMs: 60_000 };
  readonly #options: ThreadClusterOptions;
  #nodeId: number | null = null;

  constructor(options: ThreadClusterOptions) {
    this.#options = options;
  }

  get isAlone(): boolean {
    return this.#options.siblings.isAlone;
  }

  async join({ hasEnded: _hasEnded, ...facts }: NodeFacts): Promise<Membership> {
    const membership = await this.#options.thread.ask<"join">({ op: "join", facts });
    this.#nodeId = membership.id;
    return membership;
  }

  async renew(nodeId: number, _leaseMs: number, report: NodeReport): Promise<ClusterView | null> {
    return (await this.#options.thread.ask<"renew">({ op: "renew", nodeId, report })) ? this.view() : null;
  }

  async view(): Promise<ClusterView> {
    return { at: Date.now(), ...(await this.#options.thread.ask<"view">({ op: "view" })) };
  }

  gatherReports(): Promise<void> {
    return this.#options.siblings.tell([{ kind: "nodes" }]);
  }

  /** Key up to which the messages of the other threads have settled. */
  async settledByOthers(): Promise<number> {
    await this.gatherReports();
    return settledKeys(await this.view(), this.#nodeId).messages;
  }

  async kindsByShard(kinds: readonly string[]): Promise<KindsByShard> {
    const rows = await this.#options.db
      .selectFrom("endpoint")
      .select(["id", "kind"])
      .where("kind", "in", kinds)
      .where("kind", "<>", "http")
      .where("deleted_at", "is", null)
      .execute();
    return kindsByShard(rows.map(({ id, kind }) => ({ shard: shardOf(id), kind })));
  }

  take(nodeId: number, shards: readonly number[]): Promise<readonly Lease[]> {
    return this.#options.thread.ask<"take">({ op: "take", nodeId, shards });
  }

  async release(nodeId: number, shards: readonly number[]): Promise<void> {
    await this.#options.thread.ask<"release">({ op: "release", nodeId, shards });
  }

  async leave(nodeId: number): Promise<void> {
    await this.#options.thread.ask<"leave">({ op: "leave", nodeId });
  }

  /** Does nothing: signals between threads cannot go down. */
  onNotificationState(): void {}
}
