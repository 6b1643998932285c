import { setTimeout as delay } from "node:timers/promises";
import { eventually, onPostgres, startServer, type TestServer } from "@posthorn/testkit";
import { expect, it, onTestFailed } from "vitest";
import { randomLife } from "../lib/random-life.ts";
import { seededRandom, testSeed } from "../lib/random.ts";
import { CONDITIONS, TIMED, WatchRun } from "../lib/watch-run.ts";

/** The nightly run sets more. */
const KILLS = Number(process.env["POSTHORN_TEST_KILLS"] ?? 6);
/** Both nodes need the same key. */
const ENV = { POSTHORN_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString("base64") };
const READINGS_A_LIFE = 200;
/** Minimum number of readings accepted between two kills, in most runs: enough for several transitions. */
const ACCEPTED_A_LIFE = 24;
const MAX_LIFE_MS = 600;
const KILLS_DURING_TIMERS = 5;

it(
  "a watch reports each transition of an undisturbed run, once, however often its node is killed",
  { timeout: 300_000 + KILLS * 30_000 },
  async () => {
    const random = seededRandom(testSeed());
    onTestFailed(() => void process.stderr.write(`watch crash test: SEED=${random.seed}\n`));
    await using stack = new AsyncDisposableStack();
    const first = stack.use(await startServer({ env: ENV }));
    // On PostgreSQL, the other node takes the watches over while one is down.
    const nodes = onPostgres ? [first, stack.use(await secondNode(first))] : [first];
    const run = new WatchRun(random, nodes, first.token);
    await run.setUp();

    const work = run.sensors();
    for (let kills = 0; kills < KILLS; kills++) {
      run.left = READINGS_A_LIFE;
      await randomLife({ random, kills, accepted: () => run.readings, least: ACCEPTED_A_LIFE, work });
      await run.kill();
    }
    run.end();
    await Promise.all(work);
    // Timers are due while nodes are killed and restarted.
    await run.publishLast();
    for (let kills = 0; kills < KILLS_DURING_TIMERS; kills++) {
      await delay(random.below(MAX_LIFE_MS));
      await run.kill();
    }
    await eventually(async () => expect(await run.evaluated()).toBe(true), { timeoutMs: 120_000, intervalMs: 200 });

    const expected = run.expected();
    const count = Object.values(expected).reduce((sum, { length }) => sum + length, 0);
    expect(count).toBeGreaterThan(KILLS);
    const events = await eventually(
      async () => {
        const found = await run.events(CONDITIONS);
        if (found.length < count) throw new Error(`${found.length} of ${count} events`);
        return found;
      },
      { timeoutMs: 180_000, intervalMs: 300 },
    );
    const reported = Map.groupBy(events, ({ eventType, payload }) => `${eventType.split(".")[0]} ${payload.key}`);
    for (const [name, transitions] of Object.entries(expected)) {
      const found = (reported.get(name) ?? []).toSorted((a, b) => a.payload.number - b.payload.number);
      expect([name, found.map(({ payload }) => ({ kind: payload.phase, value: payload.value }))]).toEqual([
        name,
        transitions,
      ]);
      expect([name, found.map(({ payload }) => payload.number)]).toEqual([name, found.map((_, index) => index + 1)]);
    }
    expect(events).toHaveLength(count);
    expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(count);

    const wanted = [...run.published.keys()].flatMap((key) =>
      TIMED.flatMap(({ emits, kinds }) => kinds.map((kind) => `${emits} ${key} ${kind}`)),
    );
    const timed = await eventually(
      async () => {
        const found = await run.events(TIMED);
        if (found.length < wanted.length) throw new Error(`${found.length} of ${wanted.length} events of timers`);
        return found;
      },
      { timeoutMs: 180_000, intervalMs: 300 },
    );
    const inOrder = (names: readonly string[]): readonly string[] => names.toSorted((a, b) => a.localeCompare(b));
    const names = timed.map(({ eventType, payload }) => `${eventType.split(".")[0]} ${payload.key} ${payload.phase}`);
    expect(inOrder(names)).toEqual(inOrder(wanted));
    expect(new Set(timed.map(({ eventId }) => eventId)).size).toBe(wanted.length);
    process.stdout.write(
      `watch crash test: seed ${random.seed}, ${run.kills} kills of ${nodes.length} nodes, ${count} transitions of ` +
        `${run.readings} readings (${run.repeats} after more than one try)\n`,
    );
  },
);

function secondNode(first: TestServer): Promise<TestServer> {
  return startServer({
    databaseUrl: first.databaseUrl!,
    env: { ...ENV, POSTHORN_JWT_SECRET: first.jwtSecret },
  });
}
