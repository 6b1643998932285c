import { createServer } from "node:net";
import { eventually, startReceiver } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { fileState, markPath } from "../src/store/sqlite/wal-mark.ts";
import { startNode } from "./support/posthorn.ts";
import { onPostgres, temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const LISTEN = { POSTHORN_METRICS_LISTEN: "127.0.0.1:0" };

/** The value of a sample, by its name with its labels. */
function sample(text: string, name: string): number {
  const line = text.split("\n").find((one) => one.startsWith(`${name} `));
  if (line === undefined) throw new Error(`no ${name}`);
  return Number(line.slice(name.length + 1));
}

describe("metrics", () => {
  it("count messages, commits and attempts by outcome and cause, and show store and sockets", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver();
    await using node = await startNode(folder.path, { env: { ...LISTEN, POSTHORN_RETRY_SCHEDULE: "" } });
    const tenant = new Tenant(node);
    await tenant.setUp(receiver.url);
    await tenant.firstAttempt();
    receiver.respondWith(503);
    await tenant.firstAttempt();
    receiver.respondWith("reset");
    await tenant.firstAttempt();
    await eventually(async () => {
      const text = await (await fetch(node.metricsUrl!)).text();
      expect(sample(text, 'posthorn_attempts_total{outcome="success",cause="2xx"}')).toBe(1);
      expect(sample(text, 'posthorn_attempts_total{outcome="failure",cause="5xx"}')).toBe(1);
      expect(sample(text, 'posthorn_attempts_total{outcome="failure",cause="reset"}')).toBe(1);
      expect(sample(text, 'posthorn_outcomes_total{state="failed"}')).toBe(2);
      expect(sample(text, "posthorn_attempt_duration_seconds_count")).toBe(3);
      expect(sample(text, "posthorn_messages_total")).toBe(3);
      expect(sample(text, "posthorn_records_total")).toBe(3);
      expect(sample(text, "posthorn_commits_total")).toBeGreaterThanOrEqual(3);
      expect(sample(text, "posthorn_commit_seconds_total")).toBeGreaterThan(0);
      expect(sample(text, 'posthorn_store_bytes{part="used"}')).toBeGreaterThan(10_000);
      // The disk of a database server is not visible.
      expect(/^posthorn_disk_free_bytes [1-9]/m.test(text)).toBe(!onPostgres);
      expect(sample(text, "posthorn_dispatcher_in_flight")).toBe(0);
      expect(sample(text, "posthorn_egress_requests")).toBe(0);
      expect(sample(text, "posthorn_connector_failures_total")).toBe(0);
      // The thread starts with the first message to a destination that needs it.
      expect(sample(text, "posthorn_connector_memory_bytes")).toBe(0);
      expect(sample(text, "process_resident_memory_bytes")).toBeGreaterThan(0);
    });
  });

  it("contain no names or secrets of customers", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver();
    await using node = await startNode(folder.path, { env: LISTEN });
    const tenant = new Tenant(node);
    await tenant.setUp(`${receiver.url}/path-that-is-secret`);
    await tenant.firstAttempt();
    const text = await (await fetch(node.metricsUrl!)).text();
    expect(text).not.toMatch(/app_|ep_|msg_|org_|path-that-is-secret|whsec|127\.0\.0\.1/);
  });

  // The rules of `promtool check metrics`.
  it("have a help text, and the suffix _total exactly if they are counters", async () => {
    using folder = temporaryFolder();
    await using node = await startNode(folder.path, { env: LISTEN });
    const text = await (await fetch(node.metricsUrl!)).text();
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => ({ name: name!, type: type! }));
    expect(types.length).toBeGreaterThan(50);
    expect(types.filter(({ name, type }) => name.endsWith("_total") !== (type === "counter"))).toEqual([]);
    const helped = new Set([...text.matchAll(/^# HELP (\S+) \S/gm)].map(([, name]) => name));
    expect(types.filter(({ name }) => !helped.has(name))).toEqual([]);
  });

  it.skipIf(onPostgres)(
    "show whether the write-ahead log had lost commits at the start, and one warning is logged",
    async () => {
      using folder = temporaryFolder();
      const path = join(folder.path, "posthorn.db");
      const lines: { level: number; msg: string; kind?: string }[] = [];
      const log = pino({}, { write: (line) => void lines.push(JSON.parse(line) as (typeof lines)[number]) });
      let starts = 0;
      const lossDetected = async (): Promise<number> => {
        await using node = await startNode(folder.path, { env: LISTEN, log });
        const tenant = new Tenant(node);
        await tenant.call("POST", "app", { name: `App ${++starts}` });
        return sample(await (await fetch(node.metricsUrl!)).text(), "posthorn_wal_loss_detected");
      };
      expect(await lossDetected()).toBe(0);
      // As after a crash: the note exists and the log does not.
      writeFileSync(markPath(path), JSON.stringify({ salts: "", frames: 7, checkpointed: 0, file: fileState(path) }));
      expect(await lossDetected()).toBe(1);
      expect(await lossDetected()).toBe(0);
      const warnings = lines.filter(({ msg }) => msg.includes("write-ahead log"));
      expect(warnings).toEqual([
        expect.objectContaining({ level: 40, kind: "missing", msg: expect.stringContaining(`${path}-wal`) as string }),
      ]);
    },
  );

  it("are off by default, and never served at the address of the API", async () => {
    using folder = temporaryFolder();
    await using node = await startNode(folder.path);
    expect(node.metricsUrl).toBeNull();
    const response = await fetch(`${node.url}/metrics`);
    expect(await response.text()).not.toContain("posthorn_");
  });

  it("return 404 for any other path, and an unusable port fails the start with the name of the setting", async () => {
    using folder = temporaryFolder();
    {
      await using node = await startNode(folder.path, { env: LISTEN });
      expect((await fetch(node.metricsUrl!.replace("/metrics", "/"))).status).toBe(404);
      expect((await fetch(node.metricsUrl!, { method: "POST" })).status).toBe(404);
    }
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as { port: number };
    const env = { POSTHORN_METRICS_LISTEN: `127.0.0.1:${port}` };
    await expect(startNode(folder.path, { env })).rejects.toThrow(/POSTHORN_METRICS_LISTEN/);
    await new Promise((resolve) => taken.close(resolve));
  });
});
