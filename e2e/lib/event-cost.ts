/** Counts what a running server (SQLite) does for one event: published alone, delivered, and its outcome recorded. */
import { eventually, type Receiver, type TestServer } from "@posthorn/testkit";
import type { Hops } from "@posthorn/testkit/count-hops";
import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { journalPath } from "../../packages/posthorn/src/store/sqlite/journal/format.ts";

/** Environment with which a server counts messages between its threads, and timers, into a file. */
export function countingEnvironment(file: string): Readonly<Record<string, string>> {
  const probe = fileURLToPath(new URL("../../packages/testkit/src/count-hops.ts", import.meta.url));
  return { NODE_OPTIONS: `--import=${probe}`, HOPS_FILE: file };
}

export interface CountedServer {
  readonly server: TestServer;
  readonly receiver: Receiver;
  /** The file of `countingEnvironment`. */
  readonly file: string;
}

/** The median cost of `events` events, each published after the outcome of the one before it was stored, so that background work does not count. */
export async function medianEventCost(
  counted: CountedServer,
  events: number,
): Promise<Readonly<Record<string, number>>> {
  const path = join(counted.server.dataDir, "posthorn.db");
  const costs: Hops[] = [];
  let before = await totals(counted);
  for (let event = 0; event < events; event++) {
    await deliver(counted, path);
    const after = await totals(counted);
    const since = (name: keyof Hops): number => after[name] - before[name];
    costs.push({
      toThreads: since("toThreads"),
      fromThreads: since("fromThreads"),
      timers: since("timers"),
      immediates: since("immediates"),
    });
    before = after;
  }
  const median = (name: keyof Hops): number =>
    costs.map((cost) => cost[name]).toSorted((a, b) => a - b)[costs.length >> 1]!;
  return {
    "messages to threads": median("toThreads"),
    "messages from threads": median("fromThreads"),
    timers: median("timers"),
    immediates: median("immediates"),
  };
}

/** Publishes one event, and waits until its outcome is on disk. */
async function deliver({ server, receiver }: CountedServer, path: string): Promise<void> {
  const received = receiver.requests.length;
  await call(server, "app/app/msg", { eventType: "a", payload: { note: "x".repeat(1000) } });
  const published = written(path);
  await receiver.waitForCount(received + 1);
  await eventually(() => {
    if (written(path) === published) throw new Error("the outcome of the delivery was not stored");
  });
}

/** Creates a resource. */
export async function call({ url, token }: TestServer, path: string, body: object): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const response = await fetch(`${url}/api/v1/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
}

/** Changes when a message or an outcome is on disk: in the commit journal or in the log. */
function written(path: string): string {
  return `${statSync(journalPath(path), { bigint: true }).mtimeNs} ${statSync(`${path}-wal`).size}`;
}

async function totals({ server, file }: CountedServer): Promise<Hops> {
  rmSync(file, { force: true });
  process.kill(server.pid, "SIGUSR2");
  return eventually(() => JSON.parse(readFileSync(file, "utf8")) as Hops);
}
