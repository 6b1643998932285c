/** Several nodes on one PostgreSQL under load; nodes and database are killed, frozen and cut off. */
import { setTimeout as delay } from "node:timers/promises";
import { startReceiver } from "@posthorn/testkit";
import { describe, expect, it, onTestFailed } from "vitest";
import { shardOf } from "../../packages/posthorn/src/store/shards.ts";
import { countOrdered, counts, countPending, outcomesBy, readAudit, startAudit, storedBy } from "../lib/chaos/audit.ts";
import { describeDisorder, outOfOrder } from "../lib/chaos/disorder.ts";
import { duplicatesIn, type Sent } from "../lib/chaos/duplicates.ts";
import { type Fault, maxConcurrentFaults, nextFault, NODES } from "../lib/chaos/faults.ts";
import { ChaosNodes } from "../lib/chaos/nodes.ts";
import { SqlPublishers } from "../lib/chaos/sql-publishers.ts";
import { lostIn, Publishers } from "../lib/chaos/traffic.ts";
import { seededRandom, testSeed } from "../lib/random.ts";

const MINUTES = Number(process.env["CHAOS_MINUTES"] ?? 1);
const CHAOS_MS = MINUTES * 60_000;
const PUBLISHERS = 6;
/** Number of publishers that call the same node while it is up, so that their order does not depend on clock differences. */
const PINNED_PUBLISHERS = 3;
/** Database sessions of a product that publishes in its transactions. */
const SQL_PUBLISHERS = 4;
/** Endpoints with ordered delivery, and as many without. */
const ENDPOINTS = 4;
/** Maximum number of faults at the same time. */
const FAULT_WORKERS = 2;
/** After the last fault, leases expire and other nodes take over within this time; from then on the number of pending deliveries must fall. */
const STUCK_MS = 120_000;

/** The faults and when they happened, in seconds from the first one. */
function timelineOf(faults: readonly Fault[]): string {
  const start = faults[0]?.from ?? 0;
  const seconds = (at: number): string => ((at - start) / 1000).toFixed(1).padStart(6);
  return faults
    .map(({ kind, target, from, until }) => `${seconds(from)} to ${seconds(until)} (${from}) ${kind} ${target}\n`)
    .join("");
}

/** Resolves when nothing is pending, however slow the machine; rejects when there is no progress. */
async function settle(databaseUrl: string): Promise<void> {
  let least = Infinity;
  for (let since = Date.now(); ; await delay(500)) {
    const left = await countPending(databaseUrl);
    if (left === 0) return;
    if (left < least) since = Date.now();
    else if (Date.now() - since > STUCK_MS) throw new Error(`${left} deliveries are pending, without progress.`);
    least = Math.min(least, left);
  }
}

describe("three nodes on one PostgreSQL, all of which fail repeatedly", () => {
  it(
    "lose nothing they accepted, keep the order within keys, and repeat only deliveries in flight at a fault",
    { timeout: 3 * CHAOS_MS + STUCK_MS + 180_000 },
    async () => {
      const seed = testSeed();
      // The plan of faults has its own random numbers, so that the amount of traffic does not change it.
      const plan = seededRandom(seed);
      const random = seededRandom(seed + 1);
      const sent: Sent[] = [];
      await using receiver = await startReceiver({
        response: (request) => {
          sent.push({ ...request, node: nodes.exits.nodeAt(request.fromPort) });
          return { status: 204, delayMs: random.below(20) };
        },
      });
      await using nodes = await ChaosNodes.start(random, { POSTHORN_RETRY_SCHEDULE: "0.5,1,1,2,2,5,5,5,5,5" });
      onTestFailed(() => void process.stderr.write(`chaos test: SEED=${seed}\n${timelineOf(nodes.faults)}`));
      const publishers = new Publishers(nodes, "chaos");
      await publishers.call("POST", "/app", { name: "Chaos", uid: "chaos" }, "app");
      const paths = Array.from({ length: 2 * ENDPOINTS }, (_, n) => `/${n < ENDPOINTS ? "ordered" : "free"}-${n}`);
      const idAt = new Map<string, string>();
      for (const path of paths) {
        const endpoint = { uid: path.slice(1), url: `${receiver.url}${path}` };
        const { id } = await publishers.call("POST", "/app/chaos/endpoint", endpoint, path);
        idAt.set(path, id!);
        const order = { order: { by: path.startsWith("/ordered") ? "key" : "none" } };
        await publishers.call("PATCH", `/app/chaos/endpoint/${endpoint.uid}/policy`, order, `${path} policy`);
      }
      await startAudit(nodes.databaseUrl, shardOf);

      // A slow node can respond before it has received the notification of a policy that was changed on another node.
      for (let node = 0, probe = 0; node < NODES; probe++) {
        const id = await publishers.publish(`probe-${probe}`, 0, node);
        if ((await countOrdered(nodes.databaseUrl, id)) === ENDPOINTS) node++;
      }

      const product = await SqlPublishers.open(nodes.databaseUrl, "chaos", seededRandom(seed + 2));

      const work = [
        ...Array.from({ length: PUBLISHERS }, (_, n) =>
          publishers.run(`key-${n}`, n < PINNED_PUBLISHERS ? n % NODES : null),
        ),
        ...Array.from({ length: SQL_PUBLISHERS }, (_, n) => product.run(`sql-${n}`)),
      ];
      const until = Date.now() + CHAOS_MS;
      let ended = false;
      const injectFaults = async (): Promise<void> => {
        for (;;) {
          const planned = nextFault(plan);
          await delay(planned.calmMs);
          if (ended || Date.now() >= until) return;
          await nodes.inject(planned);
        }
      };
      const faultWorkers = Promise.all(Array.from({ length: FAULT_WORKERS }, injectFaults));
      try {
        await Promise.race([faultWorkers, ...work]);
      } finally {
        // Resumes frozen processes even if something else failed.
        ended = true;
        await faultWorkers;
        publishers.end();
        product.end();
      }
      await Promise.all(work);
      await settle(nodes.databaseUrl);

      const committed = await product.committed();
      const publications = new Map([...publishers.accepted, ...committed]);
      const accepted = new Set(publications.keys());
      const audit = await readAudit(nodes.databaseUrl);
      const stored = await counts(nodes.databaseUrl);
      const outcomes = await outcomesBy(nodes.databaseUrl);
      /** The public IDs of the endpoint and message of a request. */
      const idsOf = (name: string): string => {
        const [path, message] = name.split(" ") as [string, string];
        return `${idAt.get(path)} ${message}`;
      };
      const outcomesOf = (name: string) => outcomes.get(idsOf(name)) ?? [];
      const duplicates = duplicatesIn(sent, nodes.faults, outcomesOf);
      const lost = lostIn(sent, accepted, paths);
      const unwanted = sent.filter(({ headers }) => !accepted.has(headers["webhook-id"]!));
      const { wrong, clocksApart } = outOfOrder(sent.filter(({ path }) => path.startsWith("/ordered")));
      const describeWrong = async (): Promise<string> => {
        const ids = wrong.flatMap(({ first, overtaker }) => [first.id, overtaker.id]);
        const rows = await storedBy(nodes.databaseUrl, ids);
        const storedOf = (name: string) => rows.get(idsOf(name));
        return describeDisorder(wrong, { requests: sent, faults: nodes.faults, publications, storedOf, outcomesOf });
      };
      const byKind = Map.groupBy(nodes.faults, ({ kind }) => kind);
      const table = [
        ["seed", seed],
        ["minutes", MINUTES],
        ...[...byKind].map(([kind, faults]) => [`faults: ${kind}`, faults.length] as const),
        ["most concurrent faults", maxConcurrentFaults(nodes.faults)],
        ["clocks of nodes", nodes.canSetClocks ? "are set" : "NOT SET: libfaketime is missing"],
        ["messages accepted", accepted.size],
        ["of these published in transactions", committed.size],
        ["rolled back in transactions", product.rolledBack.size],
        ["requests of messages that were not committed", unwanted.length],
        ["of these after more than one try", publishers.repeated],
        ["messages stored", stored.messages],
        ["deliveries expected", accepted.size * paths.length],
        ["deliveries that succeeded", stored.succeeded],
        ["requests received", sent.length],
        ["lost", lost.length],
        ["out of order within a key", wrong.length],
        ["published at nodes whose clocks were apart", clocksApart],
        ["outcomes recorded", audit.recorded],
        ["of these while the shard was another's", audit.byNonOwners],
        ["seats that recorded", audit.writers],
        ["duplicates", duplicates.all],
        ["of these in flight at a fault of their node", duplicates.ofNode],
        ["of these in flight at one of PostgreSQL", duplicates.ofDatabase],
        ["of these neither", duplicates.unexplained.length],
        ["sent after a success was stored", duplicates.afterSuccess.length],
      ] as const;
      process.stdout.write(`chaos\n${table.map(([what, count]) => `  ${what.padEnd(46)} ${count}\n`).join("")}`);

      expect(accepted.size).toBeGreaterThan(0);
      expect(lost).toEqual([]);
      expect(stored).toEqual({ messages: accepted.size, succeeded: accepted.size * paths.length });
      // Used as the message of the assertion, so that it is part of the summary of every run.
      expect(wrong.length === 0 ? "" : await describeWrong(), `SEED=${seed}`).toBe("");
      expect(unwanted.map(({ headers }) => headers["webhook-id"])).toEqual([]);
      // Only nodes with different clocks may store messages of one key in another order than they were published.
      expect(byKind.has("clock step") ? 0 : clocksApart).toBe(0);
      expect(audit).toMatchObject({ byNonOwners: 0 });
      expect(audit.recorded).toBeGreaterThanOrEqual(accepted.size * paths.length);
      expect(duplicates.unexplained).toEqual([]);
      expect(duplicates.afterSuccess).toEqual([]);
    },
  );
});
