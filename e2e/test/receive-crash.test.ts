import { eventually, isNightly, onPostgres, startReceiver, startServer } from "@posthorn/testkit";
import { expect, it, onTestFailed } from "vitest";
import { checkDisk } from "../lib/disk.ts";
import { PersistentClient } from "../lib/persistent-client.ts";
import { randomLife } from "../lib/random-life.ts";
import { seededRandom, testSeed } from "../lib/random.ts";
import { ReceiveRun } from "../lib/receive-run.ts";

const KILLS = isNightly ? 40 : 8;
const SENDERS = 8;
/** Maximum number of events between two kills, so that the run ends in time on a fast machine. */
const EVENTS_A_LIFE = 300;
/** Minimum number of events accepted between two kills, in most runs of the server. */
const ACCEPTED_A_LIFE = 10;

it(
  "every acknowledged webhook is delivered, once for each delivery id, however often the server is killed",
  { timeout: 200_000 + KILLS * 12_500 },
  async () => {
    const random = seededRandom(testSeed());
    onTestFailed(() => void process.stderr.write(`receiving crash test: SEED=${random.seed}\n`));
    await using receiver = await startReceiver({ response: () => ({ status: 204, delayMs: random.below(10) }) });
    await using server = await startServer();
    const run = new ReceiveRun(random, server, receiver);
    await run.setUp();

    using client = new PersistentClient(() => run.kills.url(), 4 * SENDERS);
    const work = Array.from({ length: SENDERS }, () => run.send(client));
    for (let kills = 0; kills < KILLS; kills++) {
      run.left = EVENTS_A_LIFE;
      await randomLife({ random, kills, accepted: () => run.accepted.size, least: ACCEPTED_A_LIFE, work });
      await run.kills.kill(run.endpointId);
    }
    run.end();
    await Promise.all(work);
    await eventually(
      async () => {
        const stats = await run.call("GET", `/api/v1/app/${run.sourceId}/endpoint/${run.endpointId}/stats`);
        expect(stats).toMatchObject({ pending: 0, sending: 0, canceled: 0, fail: 0 });
      },
      { timeoutMs: 60_000, intervalMs: 200 },
    );

    // One message per delivery ID regardless of repetitions, and no acknowledged one is missing.
    expect((await run.listAll()).sort()).toEqual([...run.accepted.keys()].sort());
    const arrived = Map.groupBy(receiver.requests, ({ headers }) => headers["x-github-delivery"]!);
    expect([...run.accepted.keys()].filter((id) => !arrived.has(id))).toEqual([]);
    expect([...arrived.keys()].filter((id) => !run.accepted.has(id))).toEqual([]);
    const changed = [...arrived].filter(([id, all]) =>
      all.some(({ body }) => body.toString() !== run.accepted.get(id)),
    );
    expect(changed).toEqual([]);
    const unexplained = [...arrived.values()].filter(
      (all) => all.length > 1 + (run.kills.explained.get(all[0]!.headers["webhook-id"]!) ?? 0),
    );
    expect(unexplained).toEqual([]);

    await server.stop();
    // PostgreSQL was not killed, and checks its pages itself.
    expect(onPostgres || checkDisk(server.dataDir)).toBe(onPostgres || "ok");
    expect(server.log).not.toContain("write-ahead log");
    process.stdout.write(
      `receiving crash test: seed ${random.seed}, ${KILLS} kills, ${run.accepted.size} events taken in from ${run.requests} requests ` +
        `(${run.repeats} after more than one try), ${receiver.requests.length - arrived.size} duplicates of ` +
        `${run.kills.inFlight} deliveries in flight at the kills\n`,
    );
  },
);
