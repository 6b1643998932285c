/** Sabotages: each breaks one rule on purpose. */
import { FairQueue } from "../../src/dispatch/queues.ts";
import type { Lane } from "../../src/dispatch/lane.ts";
import { LanePage } from "../../src/dispatch/lane-state.ts";
import { RateControl } from "../../src/dispatch/rate-control.ts";
import { RateLimit } from "../../src/dispatch/rate-limit.ts";
import { STORE_GRACE_MS } from "../../src/dispatch/outcome.ts";
import type { Job } from "../../src/store/delivery.ts";
import { DirectoryEndpoint } from "../../src/domain/directory-endpoint.ts";
import { CLUSTER_SABOTAGES } from "./cluster/sabotages.ts";
import { type NamedSabotage, replaced } from "./sabotage.ts";
import { CLOCK_SABOTAGES } from "./sabotages-of-clocks.ts";
import { MANUAL_ACTION_SABOTAGES } from "./sabotages-of-manual-actions.ts";
import { THREAD_SABOTAGES } from "./threads/sabotages.ts";
import { countingHeld, intercept, passing, withCurrentGenerations, withDelays } from "./tampering.ts";

const HOUR = 3_600_000;

export const SABOTAGES: readonly NamedSabotage[] = [
  {
    name: "a store that responds before it commits, and sometimes does not commit",
    breaks: "accepted_is_stored",
    thread: (thread, random) =>
      intercept(thread, (request, pass) => {
        const forgets = request.op === "batch" && request.batch.records.length === 0 && random.chance(0.05);
        return forgets ? Promise.resolve({ accepts: null, records: null, announced: false }) : pass(request);
      }),
  },
  {
    name: "a store that forgets deliveries when it is opened",
    breaks: "nothing_lost",
    thread: (thread) => {
      void thread.request<"query">({
        op: "query",
        sql: "DELETE FROM delivery WHERE message_id = (SELECT max(message_id) FROM delivery)",
        parameters: [],
      });
      return thread;
    },
  },
  {
    name: "a store that forgets one outcome in fifty",
    breaks: "found_again",
    orShows: ["never_doubled", "order"],
    jobs: (store, random) => ({
      ...passing(store),
      record: (outcome) => (random.chance(0.02) ? Promise.resolve() : store.record(outcome)),
    }),
  },
  {
    name: "a store that records the same attempt twice",
    breaks: "never_doubled",
    jobs: (store) => ({
      ...passing(store),
      record: async (outcome) => {
        await store.record(outcome);
        const { attempt } = outcome;
        if (attempt !== null) await store.record({ ...outcome, attempt: { ...attempt, id: attempt.id + 0.5e9 } });
      },
    }),
  },
  {
    name: "a dispatcher that receives each publish twice",
    breaks: "never_doubled",
    hints: (dispatcher) => ({
      look: (endpointIds, from) => dispatcher.look(endpointIds, from),
      wake: (endpointId) => dispatcher.wake(endpointId),
      revoke: (deliveries) => dispatcher.revoke(deliveries),
      push: (jobs) => dispatcher.push([...jobs, ...jobs]),
      tryNow: (endpointId) => dispatcher.tryNow(endpointId),
    }),
  },
  {
    name: "pages with finished deliveries",
    breaks: "never_doubled",
    orShows: ["only_what_is_due", "waiting_is_free"],
    jobs: (store) => {
      const seen = new Map<number, Job>();
      return {
        ...passing(store),
        due: async (endpointId, now, limit, selection) => {
          const page = await store.due(endpointId, now, limit, selection);
          const old = seen.get(endpointId);
          if (page.deliveries.length > 0) seen.set(endpointId, page.deliveries[0]!);
          return old === undefined ? page : { ...page, deliveries: [old, ...page.deliveries] };
        },
      };
    },
  },
  {
    name: "a dispatcher that forgets a finished job while a page that shows it is loading",
    breaks: "never_doubled",
    orShows: ["only_what_is_due", "waiting_is_free", "order"],
    inside: () => replaced(LanePage.prototype, "taken", async () => undefined),
  },
  {
    name: "a dispatcher that takes over canceled jobs from an outdated page",
    breaks: "only_what_is_due",
    orShows: ["never_doubled"],
    inside: () => replaced(LanePage.prototype, "isOutdated", () => false),
  },
  {
    name: "a dispatcher that makes retries an hour too early",
    breaks: "only_what_is_due",
    jobs: (store) => ({
      ...passing(store),
      due: (endpointId, now, limit, selection) => store.due(endpointId, now + HOUR, limit, selection),
    }),
  },
  {
    name: "a dispatcher that misses cancellations",
    breaks: "only_what_is_due",
    hints: (dispatcher) => ({
      push: (jobs) => dispatcher.push(jobs),
      look: (endpointIds, from) => dispatcher.look(endpointIds, from),
      wake: (endpointId) => dispatcher.wake(endpointId),
      tryNow: (endpointId) => dispatcher.tryNow(endpointId),
      revoke: () => undefined,
    }),
  },
  {
    name: "a directory that misses changes",
    breaks: "held_gets_nothing",
    orShows: ["caps", "rate", "retry_policy", "found_again"],
    directory: (directory) => {
      let count = 0;
      const invalidate = directory.invalidate.bind(directory);
      // The endpoints that are created at the start must be found.
      const missing = (applicationKey: number): void => (++count > 5 ? undefined : invalidate(applicationKey));
      Object.assign(directory, { invalidate: missing });
    },
  },
  {
    name: "one attempt too many to an endpoint",
    breaks: "caps",
    policy: (policy) => ({ ...policy, concurrency: policy.concurrency + 1 }),
  },
  {
    name: "one attempt too many in all",
    breaks: "caps",
    limits: (limits) => ({ ...limits, concurrency: limits.concurrency + 1 }),
  },
  {
    name: "one attempt too many for an application",
    breaks: "caps",
    limits: (limits) => ({ ...limits, tenantConcurrency: limits.tenantConcurrency + 1 }),
  },
  {
    name: "a fair queue that serves one application as long as it has jobs",
    breaks: "fair",
    inside: () => {
      const fair = FairQueue.prototype as FairQueue<Lane>;
      const { shift } = fair;
      return replaced(fair, "shift", function selfish(this: FairQueue<Lane>) {
        const lanes: Lane[] = [];
        for (let lane = shift.call(this); lane !== undefined; lane = shift.call(this)) lanes.push(lane);
        const [first, ...others] = lanes.toSorted((a, b) => a.tenant - b.tenant);
        for (const lane of others) this.push(lane);
        return first;
      });
    },
  },
  {
    name: "one attempt too many to a host",
    breaks: "caps",
    limits: (limits) => ({ ...limits, hostConcurrency: limits.hostConcurrency + 1 }),
  },
  {
    name: "a dispatcher that ignores pauses",
    breaks: "held_gets_nothing",
    policy: (policy) => ({ ...policy, pausedUntil: null }),
  },
  {
    name: "an attempter that sends discarded deliveries",
    breaks: "only_what_is_due",
    inside: () => replaced(DirectoryEndpoint.prototype, "discards", () => false),
  },
  {
    name: "a rate that leaks",
    breaks: "rate",
    policy: (policy) => (policy.rate === null ? policy : { ...policy, rate: policy.rate * 1.5 + 1 }),
  },
  {
    name: "a new owner that starts a rate from zero",
    breaks: "rate",
    inside: () => replaced(RateLimit.prototype, "usedUntil", () => undefined),
  },
  {
    name: "a retry that ignores Retry-After",
    breaks: "retry_policy",
    orShows: ["breaker"],
    attemptResult: (result) => (result.kind === "made" ? { ...result, retryAfterMs: null } : result),
  },
  {
    name: "a lane that ignores Retry-After",
    breaks: "breaker",
    inside: () => {
      const { failed } = RateControl.prototype;
      return replaced(
        RateControl.prototype,
        "failed",
        function unaware(this: RateControl, now, ticket, _failure, random) {
          return failed.call(this, now, ticket, { responseCode: 500, retryAfterMs: null }, random);
        },
      );
    },
  },
  {
    name: "a breaker that never opens",
    breaks: "breaker",
    policy: (policy) => ({ ...policy, breaker: null }),
  },
  {
    name: "a dispatcher that ignores orders",
    breaks: "order",
    orShows: ["retry_policy"],
    policy: (policy) => ({ ...policy, order: null }),
  },
  {
    name: "waiting for a disabled endpoint counts as an attempt",
    breaks: "waiting_is_free",
    attempter: (attempter) => countingHeld(attempter),
  },
  {
    name: "a counter of attempts that runs ahead",
    breaks: "waiting_is_free",
    jobs: (store, random) => ({
      ...passing(store),
      record: (outcome) => store.record({ ...outcome, attempts: outcome.attempts + (random.chance(0.02) ? 1 : 0) }),
    }),
  },
  {
    name: "a success that is recorded as a failure",
    breaks: "success_is_final",
    jobs: (store, random) => ({
      ...passing(store),
      record: (outcome) =>
        store.record(outcome.state === 1 && random.chance(0.02) ? { ...outcome, state: 2 } : outcome),
    }),
  },
  {
    name: "retries after half the time",
    breaks: "retry_policy",
    policy: (policy) => withDelays(policy, (delays) => delays.map((delay) => delay / 2)),
  },
  {
    name: "a schedule that ends one attempt early",
    breaks: "retry_policy",
    policy: (policy) => withDelays(policy, (delays) => delays.slice(0, -1)),
  },
  {
    name: "a store that ignores generations",
    breaks: "resend_is_made",
    orShows: ["never_doubled"],
    thread: (thread) => intercept(thread, (request, pass) => withCurrentGenerations(thread, request).then(pass)),
  },
  {
    name: "lanes without a memory limit",
    breaks: "bounded_memory",
    limits: (limits) => ({ ...limits, laneJobs: 100_000, queueBytes: 1e9 }),
  },
  {
    name: "one timer in a hundred is forgotten",
    breaks: "found_again",
    // If it was the last timer of a lane, the lane stays in memory.
    orShows: ["bounded_memory"],
    clock: (clock, random) => ({
      now: () => clock.now(),
      setTimer: (ms, callback) => (random.chance(0.01) ? () => undefined : clock.setTimer(ms, callback)),
    }),
  },
  {
    name: "a dispatcher that misses when endpoints are enabled",
    breaks: "found_again",
    // It also misses that they are put on hold.
    orShows: ["held_gets_nothing"],
    hints: (dispatcher) => ({
      push: (jobs) => dispatcher.push(jobs),
      look: (endpointIds, from) => dispatcher.look(endpointIds, from),
      wake: () => undefined,
      tryNow: () => undefined,
      revoke: (deliveries) => dispatcher.revoke(deliveries),
    }),
  },
  {
    name: "an attempt that cannot be aborted, and a stop that waits for it",
    breaks: "stops",
    // The scan for rows after a failure waits as long as a stop does at its end.
    orShows: ["found_again"],
    clock: (clock) => ({
      now: () => clock.now(),
      setTimer: (ms, ring) => (ms === STORE_GRACE_MS ? () => undefined : clock.setTimer(ms, ring)),
    }),
    attempter: (attempter) => ({
      attempt: (job, signal, maySend) =>
        new Promise((resolve, reject) => {
          const unaware = new AbortController().signal;
          attempter
            .attempt(job, unaware, maySend)
            .then((result) => (signal.aborted ? undefined : resolve(result)), reject);
        }),
    }),
  },
  {
    name: "an unexpected error in an attempt",
    breaks: "nothing_unexpected",
    attempter: (attempter, random) => ({
      attempt: (job, signal, maySend) => {
        if (random.chance(0.01)) throw new TypeError("unexpected");
        return attempter.attempt(job, signal, maySend);
      },
    }),
  },
  ...CLOCK_SABOTAGES,
  ...MANUAL_ACTION_SABOTAGES,
  ...CLUSTER_SABOTAGES,
  ...THREAD_SABOTAGES,
];
