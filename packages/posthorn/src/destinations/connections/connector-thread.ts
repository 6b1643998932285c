/**
 * Worker thread that holds the connections of destinations. Its environment is empty, and every connection that is opened in it goes
 * through the guard.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { Driver } from "./driver.ts";
import { loadDriver } from "./drivers.ts";
import { DialContext, installGuard } from "./guard.ts";
import { LinkPool } from "./link-pool.ts";
import { Listeners } from "./listeners.ts";
import { MessageReader } from "./message-cells.ts";
import type { LinkSpec, PostToThread, ThreadOptions, ToThread, VetResult } from "./protocol.ts";
import { SendJob, type SendJobHost } from "./send-job.ts";
import { ThreadOutbox } from "./thread-outbox.ts";

const IDLE_CHECK_MS = 5000;

const options = workerData as ThreadOptions;
installGuard(options);

const port = parentPort!;
const specs = new Map<number, LinkSpec>();
const jobs = new Map<number, SendJob>();
const vets = new Map<number, (result: VetResult) => void>();
let lastVet = 0;

const dialContext = (link: number): DialContext =>
  new DialContext(
    (host, dialPort) =>
      new Promise((resolve) => {
        const id = ++lastVet;
        vets.set(id, resolve);
        outbox.add({ op: "vet", id, link, host, port: dialPort });
      }),
  );
const pool = new LinkPool({ ...options, driver: loadDriver, dialContext, now: () => performance.now() });
const outbox = new ThreadOutbox((items, transferred) => {
  port.postMessage(isReported() ? items : [...items, countReport()], transferred);
});
const listeners = new Listeners({ dialContext, post: (item, transfer = null) => outbox.add(item, transfer) });
let reportedChanges = pool.changes;
let reportedListeners = "{}";

const host: SendJobHost = {
  pool,
  specOf: (link) => specs.get(link)!,
  driverOf,
  ask: (id) => outbox.add({ op: "ask", id }),
  done: (id, result) => {
    if (jobs.delete(id)) outbox.done(id, result);
  },
};

setInterval(
  () => {
    pool.closeIdle();
    outbox.add(countReport());
  },
  Math.min(IDLE_CHECK_MS, options.idleMs),
).unref();

port.on("message", ({ items, bodies }: PostToThread) => {
  for (const item of items) take(item, bodies);
});
// A client may leave a rejection without a handler when its connection ends. The thread and its other connections stay.
process.on("unhandledRejection", () => undefined);

function take(item: ToThread, bodies: Uint8Array): void {
  switch (item.op) {
    case "link":
      specs.set(item.link, item.spec);
      return;
    case "listen":
      listeners.listen(item, specs.get(item.link)!);
      return;
    case "settled":
      listeners.settled(item.id, item.batch);
      return;
    case "unlisten":
      listeners.stop(item.id);
      return;
    case "remove":
      void listeners.remove(item, specs.get(item.link)!);
      return;
    case "forget":
      specs.delete(item.link);
      pool.retire(item.link);
      return;
    case "send":
      return sendAll(item, bodies);
    case "go":
      return jobs.get(item.id)?.go();
    case "cancel": {
      const job = jobs.get(item.id);
      jobs.delete(item.id);
      return job?.cancel(item.isTimeout);
    }
    case "vetted":
      vets.get(item.id)?.(item.result);
      vets.delete(item.id);
      return;
    case "ping":
      outbox.add({ op: "pong", id: item.id });
  }
}

function sendAll(
  { cells, bodyStart, allowedAt }: Extract<ToThread, { readonly op: "send" }>,
  bodies: Uint8Array,
): void {
  const reader = new MessageReader(cells, bodies, bodyStart);
  for (let sending = reader.next(); sending !== null; sending = reader.next()) {
    const job = new SendJob(host, sending, allowedAt);
    jobs.set(sending.id, job);
    job.begin();
  }
}

async function driverOf(link: number): Promise<Driver | null> {
  try {
    return await loadDriver(specs.get(link)?.kind ?? "");
  } catch {
    return null;
  }
}

function isReported(): boolean {
  return pool.changes === reportedChanges && JSON.stringify(listeners.counts) === reportedListeners;
}

function countReport() {
  const { counts } = listeners;
  reportedChanges = pool.changes;
  reportedListeners = JSON.stringify(counts);
  const { heapTotal, external } = process.memoryUsage();
  return {
    op: "count",
    counts: { links: { ...pool.counts, ...counts }, memoryBytes: heapTotal + external },
  } as const;
}
