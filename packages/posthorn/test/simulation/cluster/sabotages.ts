/** Sabotages of the rules between nodes. */
import type { NodeFacts } from "../../../src/store/cluster.ts";
import { Dispatcher } from "../../../src/dispatch/dispatcher.ts";
import { HandOffDedupe } from "../../../src/dispatch/job-buffer.ts";
import { type NamedSabotage, replaced } from "../sabotage.ts";

/** Interval at which nodes look for jobs without a notification, as in `cluster/work.ts`. */
const LOOK_MS = 30_000;
/** A node that renews its lease in time has more time left than this. */
const EARLY_MS = 4000;

export const CLUSTER_SABOTAGES: readonly NamedSabotage[] = [
  {
    name: "a database that ignores fences",
    shared: true,
    breaks: "fenced",
    holds: () => true,
  },
  {
    name: "a database that gives away shards before the lease of their owner ends",
    shared: true,
    breaks: "one_owner",
    orShows: ["handed_over"],
    coordination: (coordination) => {
      const nodes = coordination.nodes.bind(coordination);
      const take = coordination.take.bind(coordination);
      const early: typeof nodes = () => nodes().map((node) => ({ ...node, leaseMs: node.leaseMs - EARLY_MS }));
      Object.assign(coordination, {
        nodes: early,
        take: (nodeId: number, shards: readonly number[], expired: readonly number[]) => {
          for (const { id, leaseMs } of early()) if (expired.includes(id) && leaseMs < 0) coordination.leave(id);
          return take(nodeId, shards, expired);
        },
      });
    },
  },
  {
    name: "a node that takes its leases to last longer",
    shared: true,
    breaks: "one_owner",
    orShows: ["shards_move"],
    time: (time) => ({
      monotonic: () => time.monotonic() / 3,
      setTimer: (ms, callback) => time.setTimer(ms, callback),
    }),
  },
  {
    name: "a drain that ignores attempts in flight",
    shared: true,
    breaks: "handed_over",
    inside: () => {
      const { leave } = Dispatcher.prototype;
      return replaced(Dispatcher.prototype, "leave", function forgetful(this: Dispatcher, isGone) {
        return { left: leave.call(this, isGone).left, ended: Promise.resolve() };
      });
    },
  },
  {
    name: "a lane that continues when its shard is given up",
    shared: true,
    breaks: "one_owner",
    orShows: ["never_doubled", "handed_over"],
    inside: () => replaced(Dispatcher.prototype, "leave", () => ({ left: [], ended: Promise.resolve() })),
    owners: (owners) => {
      const known = new Map<number, ReturnType<typeof owners.lease>>();
      return {
        alone: owners.alone,
        owns: (endpointId) => owners.owns(endpointId),
        lease: (endpointId) => {
          const lease = owners.lease(endpointId) ?? known.get(endpointId) ?? null;
          if (lease !== null) known.set(endpointId, lease);
          return lease;
        },
        holds: () => true,
      };
    },
  },
  {
    name: "a dispatcher that takes over a job that a page has already shown",
    shared: true,
    breaks: "never_doubled",
    // A job that is taken over twice is added twice and removed once.
    orShows: ["only_what_is_due", "waiting_is_free", "bounded_memory"],
    inside: () => replaced(HandOffDedupe.prototype, "take", () => false),
  },
  {
    name: "a dispatcher that assumes it receives every job",
    shared: true,
    breaks: "order",
    owners: (owners) => ({
      alone: true,
      owns: (endpointId) => owners.owns(endpointId),
      lease: (endpointId) => owners.lease(endpointId),
      holds: (lease) => owners.holds(lease),
    }),
  },
  {
    name: "a node that never looks for jobs without a notification",
    shared: true,
    breaks: "found_again",
    // A notification that is lost at random rarely matters, because the next job wakes the lane.
    told: (payload) => without(without(payload, "due"), "since"),
    time: (time) => ({
      monotonic: () => time.monotonic(),
      setTimer: (ms, callback) => (ms === LOOK_MS ? () => undefined : time.setTimer(ms, callback)),
    }),
  },
  {
    name: "nodes that do not announce cancellations",
    shared: true,
    breaks: "only_what_is_due",
    told: (payload) => without(payload, "revoke"),
  },
  {
    name: "nodes that do not announce changes",
    shared: true,
    breaks: "held_gets_nothing",
    orShows: ["caps", "rate", "retry_policy", "found_again", "breaker", "order"],
    told: (payload) => without(payload, "application"),
  },
  {
    name: "a database that never removes dead nodes",
    shared: true,
    breaks: "shards_move",
    orShows: ["found_again"],
    coordination: (coordination) => {
      const take = coordination.take.bind(coordination);
      const join = coordination.join.bind(coordination);
      Object.assign(coordination, {
        take: (nodeId: number, shards: readonly number[]) => take(nodeId, shards, []),
        join: (facts: NodeFacts, leaseMs: number) => join({ ...facts, hasEnded: () => false }, leaseMs),
      });
    },
  },
  {
    name: "a node that never gives up shards that others should own",
    shared: true,
    breaks: "shards_move",
    inside: () => replaced(Dispatcher.prototype, "leave", () => ({ left: [], ended: new Promise(() => undefined) })),
  },
];

/** A notification without the lines of one kind. */
function without(payload: string, kind: string): string {
  return payload
    .split("\n")
    .filter((line) => !line.startsWith(`${kind} `))
    .join("\n");
}
