/** What holds between nodes, broken on purpose. */
import { Dispatcher } from "../../../src/dispatch/dispatcher.ts";
import { HandOffDedupe } from "../../../src/dispatch/page-loader.ts";
import { type NamedSabotage, replaced } from "../sabotage.ts";

/** As in `cluster/work.ts`: what nobody was told of is looked for so often. */
const LOOK_MS = 30_000;
/** A node that says in time that it is there has more left than this. */
const EARLY_MS = 4000;

export const CLUSTER_SABOTAGES: readonly NamedSabotage[] = [
  {
    name: "a database that does not look at fences",
    shared: true,
    breaks: "fenced",
    holds: () => true,
  },
  {
    name: "a database that gives away shards whose owner has still time",
    shared: true,
    breaks: "one_owner",
    orShows: ["handed_over"],
    coordination: (coordination) => {
      const nodes = coordination.nodes.bind(coordination);
      const take = coordination.take.bind(coordination);
      const early: typeof nodes = () => nodes().map((node) => ({ ...node, leaseMs: node.leaseMs - EARLY_MS }));
      Object.assign(coordination, {
        nodes: early,
        take: (nodeId: number, shards: readonly number[], bury: readonly number[]) => {
          for (const { id, leaseMs } of early()) if (bury.includes(id) && leaseMs < 0) coordination.leave(id);
          return take(nodeId, shards, bury);
        },
      });
    },
  },
  {
    name: "a node that believes that its leases hold on",
    shared: true,
    breaks: "one_owner",
    orShows: ["shards_move"],
    time: (time) => ({
      monotonic: () => time.monotonic() / 3,
      setTimer: (ms, callback) => time.setTimer(ms, callback),
    }),
  },
  {
    name: "a drain that forgets what is under way",
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
    name: "a lane that goes on when its shard is given up",
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
    name: "a dispatcher that takes over what a page has shown it",
    shared: true,
    breaks: "never_doubled",
    // What is taken over twice is counted twice, and forgotten once.
    orShows: ["only_what_is_due", "waiting_is_free", "bounded_memory"],
    inside: () => replaced(HandOffDedupe.prototype, "take", () => false),
  },
  {
    name: "a dispatcher that takes what it is told for all there is",
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
    name: "a node that never looks for what it was not told",
    shared: true,
    breaks: "found_again",
    // What gets lost by chance is seldom alone in its lane: whatever comes after it makes the lane look.
    told: (payload) => without(without(payload, "due"), "since"),
    time: (time) => ({
      monotonic: () => time.monotonic(),
      setTimer: (ms, callback) => (ms === LOOK_MS ? () => undefined : time.setTimer(ms, callback)),
    }),
  },
  {
    name: "nodes that do not tell each other what was canceled",
    shared: true,
    breaks: "only_what_is_due",
    told: (payload) => without(payload, "revoke"),
  },
  {
    name: "nodes that do not tell each other what was changed",
    shared: true,
    breaks: "held_is_left_alone",
    orShows: ["caps", "rate", "retry_policy", "found_again", "left_alone", "order"],
    told: (payload) => without(payload, "application"),
  },
  {
    name: "a database that buries nobody",
    shared: true,
    breaks: "shards_move",
    orShows: ["found_again"],
    coordination: (coordination) => {
      const take = coordination.take.bind(coordination);
      Object.assign(coordination, { take: (nodeId: number, shards: readonly number[]) => take(nodeId, shards, []) });
    },
  },
  {
    name: "a node that never gives up what others should have",
    shared: true,
    breaks: "shards_move",
    inside: () => replaced(Dispatcher.prototype, "leave", () => ({ left: [], ended: new Promise(() => undefined) })),
  },
];

/** A notification less the lines of one kind. */
function without(payload: string, kind: string): string {
  return payload
    .split("\n")
    .filter((line) => !line.startsWith(`${kind} `))
    .join("\n");
}
