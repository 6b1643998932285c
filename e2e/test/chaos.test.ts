/** Several nodes on one PostgreSQL that are killed, frozen and cut off, as is PostgreSQL, under load. */
import { setTimeout as delay } from "node:timers/promises";
import { eventually, startReceiver } from "@posthorn/testkit";
import { describe, expect, it, onTestFailed } from "vitest";
import { shardOf } from "../../packages/posthorn/src/store/shards.ts";
import { counts, owed, readAudit, startAudit } from "../lib/chaos/audit.ts";
import { ChaosNodes } from "../lib/chaos/nodes.ts";
import { duplicatesIn, lostIn, outOfOrder, Publishers } from "../lib/chaos/traffic.ts";
import { seededRandom, testSeed } from "../lib/random.ts";

const MINUTES = Number(process.env["CHAOS_MINUTES"] ?? 1);
const CHAOS_MS = MINUTES * 60_000;
const PUBLISHERS = 6;
/** Endpoints in order, and as many without. */
const ENDPOINTS = 4;
/** Between two faults, at most. */
const CALM_MS = 3000;
/** Everything is mended: leases run out, others take over, and what is left is delivered. */
const SETTLE_MS = 120_000;

describe("three nodes on one PostgreSQL, all of which fail again and again", () => {
  it(
    "lose nothing they accepted, keep the order within keys, and repeat only what was in flight at a fault",
    { timeout: CHAOS_MS + SETTLE_MS + 180_000 },
    async () => {
      const random = seededRandom(testSeed());
      onTestFailed(() => void process.stderr.write(`chaos test: SEED=${random.seed}\n`));
      await using receiver = await startReceiver({ answer: () => ({ status: 204, delayMs: random.below(20) }) });
      await using nodes = await ChaosNodes.start(random, { POSTHORN_RETRY_SCHEDULE: "0.5,1,1,2,2,5,5,5,5,5" });
      const publishers = new Publishers(nodes, "chaos");
      await publishers.call("POST", "/app", { name: "Chaos", uid: "chaos" }, "app");
      const paths = Array.from({ length: 2 * ENDPOINTS }, (_, n) => `/${n < ENDPOINTS ? "ordered" : "free"}-${n}`);
      for (const path of paths) {
        const endpoint = { uid: path.slice(1), url: `${receiver.url}${path}` };
        await publishers.call("POST", "/app/chaos/endpoint", endpoint, path);
        const order = { order: { by: path.startsWith("/ordered") ? "key" : "none" } };
        await publishers.call("PATCH", `/app/chaos/endpoint/${endpoint.uid}/policy`, order, `${path} policy`);
      }
      await startAudit(nodes.databaseUrl, shardOf);

      const work = Array.from({ length: PUBLISHERS }, (_, n) => publishers.run(`key-${n}`));
      const until = Date.now() + CHAOS_MS;
      while (Date.now() < until) {
        await Promise.race([delay(random.below(CALM_MS)), ...work]);
        await Promise.race([nodes.fault(), ...work]);
      }
      publishers.end();
      await Promise.all(work);
      await eventually(async () => expect(await owed(nodes.databaseUrl)).toBe(0), {
        timeoutMs: SETTLE_MS,
        intervalMs: 500,
      });

      const { accepted } = publishers;
      const { requests } = receiver;
      const audit = await readAudit(nodes.databaseUrl);
      const stored = await counts(nodes.databaseUrl);
      const duplicates = duplicatesIn(requests, nodes.faults);
      const lost = lostIn(requests, accepted, paths);
      const wrong = outOfOrder(requests.filter(({ path }) => path.startsWith("/ordered")));
      const byKind = Map.groupBy(nodes.faults, ({ kind }) => kind);
      const table = [
        ["seed", random.seed],
        ["minutes", MINUTES],
        ...[...byKind].map(([kind, faults]) => [`faults: ${kind}`, faults.length] as const),
        ["messages accepted", accepted.size],
        ["of these after more than one try", publishers.repeated],
        ["messages stored", stored.messages],
        ["deliveries owed", accepted.size * paths.length],
        ["deliveries that succeeded", stored.succeeded],
        ["requests received", requests.length],
        ["lost", lost.length],
        ["out of order within a key", wrong.length],
        ["outcomes recorded", audit.recorded],
        ["of these while the shard was another's", audit.byStrangers],
        ["seats that recorded", audit.writers],
        ["duplicates", duplicates.all],
        ["of these without a fault", duplicates.unexplained],
      ] as const;
      process.stdout.write(`chaos\n${table.map(([what, count]) => `  ${what.padEnd(40)} ${count}\n`).join("")}`);

      expect(accepted.size).toBeGreaterThan(0);
      expect(lost).toEqual([]);
      expect(stored).toEqual({ messages: accepted.size, succeeded: accepted.size * paths.length });
      expect(wrong).toEqual([]);
      expect(audit).toMatchObject({ byStrangers: 0 });
      expect(audit.recorded).toBeGreaterThanOrEqual(accepted.size * paths.length);
      expect(duplicates.unexplained).toBe(0);
    },
  );
});
