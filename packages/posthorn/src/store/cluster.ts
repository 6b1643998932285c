/**
 * Membership of nodes and ownership of shards in a shared database.
 *
 * All times come from the database clock, in Unix milliseconds. No decision here depends on the clock of a node.
 */
import type { Lease } from "./delivery.ts";

/** Facts that a node reports when it joins. */
export interface NodeFacts {
  readonly host: string;
  /** Number of the thread in its process; absent or `null`: the process never has more than one. */
  readonly thread?: number | null;
  readonly version: string;
  /** Fingerprint of the node's secrets. All nodes must have the same one. */
  readonly secretsMark: string;
  /** Identifies the process of the node; `null`: it cannot be identified. */
  readonly process: string | null;
  /** Destination kinds other than webhooks that it can send to. */
  readonly kinds: readonly string[];
  /** Whether the process of another node has ended, as far as this one can prove. */
  readonly hasEnded: (process: string) => boolean;
}

/** State that a node reports with each renewal. */
export interface NodeReport {
  /** The node takes no new shards and releases those it has. */
  readonly draining: boolean;
  /** Attempts in flight. */
  readonly inFlight: number;
  /** Endpoints with a lane in memory. */
  readonly lanes: number;
  /** How long the oldest queued delivery has waited. */
  readonly lagMs: number;
  /** Keys up to which every row of this node is on disk or will never be written. */
  readonly settled: { readonly messages: number; readonly attempts: number };
}

/** Membership of a node in the cluster. */
export interface Membership {
  /** Unique; never reused. */
  readonly id: number;
  /** Membership slot, 0 to below `NODE_SLOTS`. It is part of every key that the node generates, so that keys of two nodes differ. */
  readonly slot: number;
  /** Lowest key that the node may generate. */
  readonly keysFrom: number;
}

export interface ClusterNode {
  readonly id: number;
  readonly host: string;
  /** Number of the thread in its process; `null`: the process never has more than one. */
  readonly thread: number | null;
  readonly version: string;
  readonly startedAt: number;
  readonly seenAt: number;
  /** Milliseconds until other nodes may take its shards; 0 or less: they may now. */
  readonly leaseMs: number;
  /** Destination kinds other than webhooks that it can send to; `null`: unknown, as of a node of an earlier version. */
  readonly kinds: readonly string[] | null;
  readonly report: NodeReport;
}

export interface ClusterShard {
  readonly shard: number;
  readonly fence: number;
  /** `null`: no owner. The ID may belong to a node that has left. */
  readonly nodeId: number | null;
}

export interface ClusterView {
  /** Time of the database. */
  readonly at: number;
  readonly nodes: readonly ClusterNode[];
  readonly shards: readonly ClusterShard[];
}

/** Kinds of the endpoints in each shard. A shard without any is absent. */
export type KindsByShard = ReadonlyMap<number, ReadonlySet<string>>;

/** How long a membership lasts, and how often a node renews it. */
export interface MembershipTimes {
  readonly leaseMs: number;
  readonly roundMs: number;
}

/** Keys up to which all nodes but one have settled, as of their last report; infinite if there are no others. */
export function settledKeys({ nodes }: Pick<ClusterView, "nodes">, exceptId: number | null): NodeReport["settled"] {
  let [messages, attempts] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (const { id, report } of nodes) {
    if (id === exceptId) continue;
    messages = Math.min(messages, report.settled.messages);
    attempts = Math.min(attempts, report.settled.attempts);
  }
  return { messages, attempts };
}

/** Cluster decisions in the database. Each call is one short transaction. */
export interface ClusterStore {
  /** Absent: those of nodes in separate processes. */
  readonly times?: MembershipTimes;
  /** Whether no other node can use the database, and none has since this one joined. Absent: others can at any time. */
  readonly isAlone?: boolean;
  /** Asks the other nodes to report now. Absent: they report every few seconds anyway. */
  gatherReports?(): Promise<void>;
  /**
   * Takes a membership slot, and removes the nodes whose process has ended, so that their shards can be taken before their lease expires.
   * Throws `config_invalid` when the secrets differ from those of the other nodes, or no slot is free.
   */
  join(facts: NodeFacts, leaseMs: number): Promise<Membership>;
  /**
   * Extends the membership and all its leases to `leaseMs` from now. Resolves with the cluster as of then; `null`: another node has removed
   * the membership, and its leases are over.
   */
  renew(nodeId: number, leaseMs: number, report: NodeReport): Promise<ClusterView | null>;
  view(): Promise<ClusterView>;
  /** Which shards have endpoints of these kinds. Its cost does not depend on the number of endpoints. */
  kindsByShard(kinds: readonly string[]): Promise<KindsByShard>;
  /**
   * Removes the nodes of `expired` whose lease has ended, then takes the shards without an owner. Returns the leases that were taken. A
   * shard is not taken while an outcome of its previous owner is being written.
   */
  take(nodeId: number, shards: readonly number[], expired: readonly number[]): Promise<readonly Lease[]>;
  /** Releases shards. */
  release(nodeId: number, shards: readonly number[]): Promise<void>;
  /** Releases the membership and all shards. */
  leave(nodeId: number): Promise<void>;
  /**
   * Sets the listener for the state of notifications from other nodes: `false` when they go down, or are down at the call; `true` when they
   * are up again.
   */
  onNotificationState(listener: (up: boolean) => void): void;
}
