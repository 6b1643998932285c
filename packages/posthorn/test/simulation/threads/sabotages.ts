/** Sabotages of the rules between the threads of a process. */
import { ThreadJobExchange } from "../../../src/threads/job-exchange.ts";
import { SiblingPorts } from "../../../src/threads/siblings.ts";
import { type NamedSabotage, replaced } from "../sabotage.ts";

/** Interval at which nodes look for jobs without a notification, as in `cluster/work.ts`. */
const LOOK_MS = 30_000;

export const THREAD_SABOTAGES: readonly NamedSabotage[] = [
  {
    name: "threads that do not tell each other changes",
    threads: true,
    breaks: "signed",
    orShows: [
      "held_gets_nothing",
      "caps",
      "rate",
      "retry_policy",
      "breaker",
      "order",
      "only_what_is_due",
      "found_again",
    ],
    inside: () => replaced(SiblingPorts.prototype, "tell", () => Promise.resolve()),
  },
  {
    name: "a process that believes it has one thread",
    threads: true,
    breaks: "order",
    owners: (owners) => ({
      alone: true,
      owns: (endpointId) => owners.owns(endpointId),
      lease: (endpointId) => owners.lease(endpointId),
      holds: (lease) => owners.holds(lease),
    }),
  },
  {
    name: "a thread that loses what it hands over",
    threads: true,
    breaks: "found_again",
    inside: () => replaced(ThreadJobExchange.prototype, "give", () => []),
    time: (time) => ({
      monotonic: () => time.monotonic(),
      setTimer: (ms, callback) => (ms === LOOK_MS ? () => undefined : time.setTimer(ms, callback)),
    }),
  },
];
