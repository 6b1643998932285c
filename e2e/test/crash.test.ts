import {
  eventually,
  isNightly,
  onPostgres,
  startReceiver,
  startServer,
  type Received,
  type Receiver,
} from "@posthorn/testkit";
import { Webhook } from "standardwebhooks";
import { describe, expect, it, onTestFailed } from "vitest";
import { CrashRun } from "../lib/crash-run.ts";
import { checkDisk } from "../lib/disk.ts";
import { PersistentClient } from "../lib/persistent-client.ts";
import { randomLife } from "../lib/random-life.ts";
import { seededRandom, testSeed } from "../lib/random.ts";

const KILLS = isNightly ? 40 : 12;
const CONNECTIONS = 16;
/** Maximum number of messages published between two kills, so that the run ends in time on a fast machine. */
const MESSAGES_A_LIFE = 500;
/** Minimum number of messages accepted between two kills, in most runs of the server. */
const ACCEPTED_A_LIFE = 20;
/** Maximum number of rejections of one message by the flaky endpoint: fewer than the schedule has attempts. */
const MAX_REFUSALS = 3;

/** Three out of this many messages are rejected, one to three times. If all failed, the circuit of the endpoint would open. */
const REFUSED_OF = 8;

/** Rejects the first requests of some messages; the ID determines which and how many. */
function refuseSome(): (request: Received) => number {
  const refusals = new Map<string, number>();
  return ({ headers }) => {
    const id = headers["webhook-id"]!;
    const part = id.charCodeAt(id.length - 1) % REFUSED_OF;
    const wanted = part > MAX_REFUSALS ? 0 : part;
    const given = refusals.get(id) ?? 0;
    if (given >= wanted) return 204;
    refusals.set(id, given + 1);
    return 500;
  };
}

function byId(receiver: Receiver): Map<string, Received[]> {
  return Map.groupBy(receiver.requests, (request) => request.headers["webhook-id"]!);
}

async function settled(run: CrashRun): Promise<void> {
  await eventually(
    async () => {
      for (const endpoint of [run.steadyId, run.flakyId]) {
        const stats = await run.call("GET", `/app/${run.app}/endpoint/${endpoint}/stats`);
        expect(stats).toMatchObject({ pending: 0, sending: 0, canceled: 0 });
      }
    },
    { timeoutMs: 240_000, intervalMs: 200 },
  );
}

describe("a server that is killed repeatedly under full load", () => {
  it(
    "loses nothing it accepted, duplicates no message, and repeats only deliveries in flight",
    { timeout: 300_000 + KILLS * 25_000 },
    async () => {
      const random = seededRandom(testSeed());
      onTestFailed(() => void process.stderr.write(`crash test: SEED=${random.seed}\n`));
      await using steady = await startReceiver({ response: () => ({ status: 204, delayMs: random.below(10) }) });
      await using flaky = await startReceiver({ response: refuseSome() });
      await using server = await startServer({
        env: {
          POSTHORN_RETRY_SCHEDULE: Array.from({ length: 2 * MAX_REFUSALS }, () => "0.3").join(","),
        },
      });
      const run = new CrashRun(random, server, steady, flaky);
      await run.setUp();

      using client = new PersistentClient(() => run.kills.url(), CONNECTIONS + 1);
      const work = [...Array.from({ length: CONNECTIONS }, () => run.publish(client)), run.resend(client)];
      for (let kills = 0; kills < KILLS; kills++) {
        run.left = MESSAGES_A_LIFE;
        await randomLife({ random, kills, accepted: () => run.published.length, least: ACCEPTED_A_LIFE, work });
        await run.kills.kill(run.steadyId);
      }
      run.end();
      await Promise.all(work);
      await settled(run);

      const { published } = run;
      const ids = new Map(published.map(({ id, key }) => [id, key]));
      expect(ids.size).toBe(published.length);
      expect(new Set(ids.values()).size).toBe(published.length);
      expect(await run.listAll()).toEqual(ids);

      const verifier = new Webhook(run.secret);
      const atSteady = byId(steady);
      const atFlaky = byId(flaky);
      const lost = published.filter(({ id }) => !atSteady.has(id) || !atFlaky.has(id));
      expect(lost).toEqual([]);
      const unexplained = published.filter(
        ({ id }) => atSteady.get(id)!.length > 1 + (run.kills.explained.get(id) ?? 0),
      );
      expect(unexplained).toEqual([]);
      for (const { id, body } of published) {
        const requests = [...atSteady.get(id)!, ...atFlaky.get(id)!];
        expect(new Set(requests.map((request) => request.body.toString()))).toEqual(new Set([body]));
        verifier.verify(body, requests[0]!.headers);
      }
      // Finds messages that arrived but were never confirmed to their publisher.
      expect([...atSteady.keys()].filter((id) => !ids.has(id))).toEqual([]);

      await server.stop();
      // PostgreSQL was not killed, and checks its pages itself.
      expect(onPostgres || checkDisk(server.dataDir)).toBe(onPostgres || "ok");
      expect(server.log).not.toContain("write-ahead log");
      const duplicates = steady.requests.length - atSteady.size;
      process.stdout.write(
        `crash test: seed ${random.seed}, ${KILLS} kills, ${published.length} messages accepted (${run.repeats} after more than ` +
          `one try), ${run.resends} resends, ${steady.requests.length + flaky.requests.length} requests received; ` +
          `${duplicates} duplicates of ${run.kills.inFlight} deliveries in flight at the kills\n`,
      );
    },
  );
});
