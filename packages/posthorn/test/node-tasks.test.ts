/** Tasks that only one of the nodes of a database runs. */
import { eventually } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { systemTime } from "../src/lib/clock.ts";
import { Cluster } from "../src/cluster/cluster.ts";
import { rollUp } from "../src/domain/stats/roll-up.ts";
import { keyAtTime } from "../src/lib/id.ts";
import { Maintenance } from "../src/workers/maintenance.ts";
import { SHARDS } from "../src/store/shards.ts";
import type { Store } from "../src/store/store.ts";
import { openClusterScene } from "./support/cluster-scene.ts";
import { ManualClock } from "./support/manual-clock.ts";
import { insertEndpoint, servicesOver } from "./support/services.ts";
import { acceptEntry, attemptRecord, onPostgres, successOutcome } from "./support/store.ts";

const DAY_MS = 86_400_000;
const FACTS = {
  host: "here",
  version: "1",
  secretsMark: "same",
  process: null,
  kinds: [],
  hasEnded: () => false,
};
/** Time for a lease to expire and for another node to take the shards. */
const TAKE_OVER_TIMEOUT = { timeoutMs: 40_000 };

interface MaintainingNode extends AsyncDisposable {
  readonly cluster: Cluster;
  /** Number of times that its maintenance has read the clock, which shows that it runs. */
  readonly clockReads: number;
  /** Clock of its maintenance. */
  readonly clock: ManualClock;
  /** Stops the renewal of its lease. */
  die(): void;
}

async function startNode(store: Store): Promise<MaintainingNode> {
  let isDead = false;
  let clockReads = 0;
  const time = {
    monotonic: () => systemTime.monotonic(),
    setTimer: (ms: number, callback: () => void) => systemTime.setTimer(ms, () => (isDead ? undefined : callback())),
  };
  const cluster = await Cluster.join({ store, facts: FACTS, time });
  const nothing = (): Promise<void> => Promise.resolve();
  await cluster.start({
    gained: nothing,
    leave: nothing,
    renewed: () => undefined,
    moved: () => undefined,
    report: () => ({ inFlight: 0, lanes: 0, lagMs: 0, settled: { messages: 0, attempts: 0 } }),
    inFlight: () => 0,
    announce: () => store.signal({ kind: "nodes" }),
    onError: () => undefined,
  });
  const now = (): number => {
    clockReads++;
    return Date.now();
  };
  const services = { ...servicesOver(store).services, now };
  const clock = new ManualClock();
  const maintenance = new Maintenance({
    auditMs: null,
    requestLogMs: 86_400_000,
    services: () => services,
    periods: { payloadMs: DAY_MS, attemptMs: DAY_MS, failureMs: DAY_MS },
    clock,
    leads: () => cluster.leads,
    onFailure: (error) => {
      throw error;
    },
  });
  maintenance.started();
  return {
    cluster,
    clock,
    get clockReads() {
      return clockReads;
    },
    die: () => {
      isDead = true;
    },
    [Symbol.asyncDispose]: async () => {
      await maintenance[Symbol.asyncDispose]();
      await cluster[Symbol.asyncDispose]();
    },
  };
}

describe.runIf(onPostgres)("work that exists once for all nodes", () => {
  it("is done by one of them at a time, and by another one after that node has failed", async () => {
    await using scene = await openClusterScene();
    await using one = await startNode(scene.stores[0]);
    await using two = await startNode(scene.stores[1]);
    const nodes = [one, two];
    await eventually(() => {
      for (const { cluster } of nodes) expect(cluster.shards).toBe(SHARDS / 2);
    }, TAKE_OVER_TIMEOUT);
    const leader = nodes.find(({ cluster }) => cluster.leads)!;
    const other = nodes.find((node) => node !== leader)!;
    expect(other.cluster.leads).toBe(false);
    for (const { clock } of nodes) clock.advance(60_000);
    await eventually(() => expect(leader.clockReads).toBeGreaterThan(0));
    expect(other.clockReads).toBe(0);
    leader.die();
    await eventually(() => expect(other.cluster.leads).toBe(true), TAKE_OVER_TIMEOUT);
    other.clock.advance(60_000);
    await eventually(() => expect(other.clockReads).toBeGreaterThan(0));
  });

  it("counts each attempt once, although two nodes count at the same time", async () => {
    await using scene = await openClusterScene();
    const [a, b] = scene.stores.map((store) => servicesOver(store).services);
    await insertEndpoint(a!, "https://example.com/", {});
    const from = keyAtTime(Date.UTC(2026, 0, 1));
    const { signal } = new AbortController();
    for (let batch = 0; batch < 4; batch++) {
      const keys = Array.from({ length: 300 }, (_, index) => from + 1000 * batch + index);
      await Promise.all(keys.map((key) => a!.store.accept(acceptEntry(key))));
      await Promise.all(
        keys.map((key) => b!.store.record(successOutcome(key, { attempt: attemptRecord(key), attempts: 1 }))),
      );
      const settled = { messages: keys.at(-1)!, attempts: keys.at(-1)! };
      await Promise.all([rollUp(a!, settled, signal), rollUp(b!, settled, signal), rollUp(a!, settled, signal)]);
    }
    const { messages, attempts } = await a!.store.db
      .selectFrom("rollup")
      .select((eb) => [eb.fn.sum<number>("messages").as("messages"), eb.fn.sum<number>("attempts_ok").as("attempts")])
      .where("endpoint_id", "=", 1)
      .executeTakeFirstOrThrow();
    expect([messages, attempts]).toEqual([1200, 1200]);
  });
});
