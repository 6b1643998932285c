/**
 * What nodes that share a database need of it: who is there, and which shard is whose.
 *
 * Times are the database's, in Unix milliseconds: no clock of a node decides anything here.
 */

/** The right to record outcomes of a shard. The fence grows with each change of owner, so that an old right is known as one. */
export interface Lease {
  readonly shard: number;
  readonly fence: number;
}

/** What a node says of itself when it joins. */
export interface NodeFacts {
  readonly host: string;
  readonly version: string;
  /** Differs when its secrets are others than those of the nodes that are here. */
  readonly secretsMark: string;
}

/** What a node says of itself from time to time. */
export interface NodeReport {
  /** Takes no shards and gives up those it has. */
  readonly draining: boolean;
  /** Attempts under way. */
  readonly inFlight: number;
  /** Endpoints with a lane in memory. */
  readonly lanes: number;
  /** For how long the delivery has waited that has waited longest for its turn. */
  readonly lagMs: number;
  /** Keys up to which everything that it writes is on disk, or never will be. */
  readonly settled: { readonly messages: number; readonly attempts: number };
}

/** The place of a node among the nodes. */
export interface Seat {
  /** Never used again. */
  readonly id: number;
  /** Sets the keys it makes apart from those of the others; 0 to below `NODE_SLOTS`. */
  readonly slot: number;
  /** No key that it makes may be lower. */
  readonly keysFrom: number;
}

export interface ClusterNode {
  readonly id: number;
  readonly host: string;
  readonly version: string;
  readonly startedAt: number;
  readonly seenAt: number;
  /** Milliseconds until its leases may be taken; 0 or less: they may. */
  readonly leaseMs: number;
  readonly report: NodeReport;
}

export interface ClusterShard {
  readonly shard: number;
  readonly fence: number;
  /** `null`: nobody's. It may name a node that is not there any more. */
  readonly nodeId: number | null;
}

export interface ClusterView {
  /** The database's time. */
  readonly at: number;
  readonly nodes: readonly ClusterNode[];
  readonly shards: readonly ClusterShard[];
}

/** What the nodes of a database decide there. Every call is one short transaction. */
export interface ClusterStore {
  /** Takes a place. Throws `config_invalid` when the secrets are others, or there is no place left. */
  join(facts: NodeFacts, leaseMs: number): Promise<Seat>;
  /** Keeps the place, and all leases with it, for so long from now. False: it was given up, and every lease with it. */
  renew(nodeId: number, leaseMs: number, report: NodeReport): Promise<boolean>;
  view(): Promise<ClusterView>;
  /**
   * Buries these nodes, if their time is over, and takes these shards, if they are nobody's. Returns the leases that were taken; an
   * outcome of the owner before that is just being written keeps its shard from being taken.
   */
  take(nodeId: number, shards: readonly number[], bury: readonly number[]): Promise<readonly Lease[]>;
  /** Gives shards up. */
  release(nodeId: number, shards: readonly number[]): Promise<void>;
  /** Gives the place up, and every shard. */
  leave(nodeId: number): Promise<void>;
  /** Sets who is told that this node hears nothing of the others any more, and that it does again. */
  onHearing(listener: (hears: boolean) => void): void;
}
