/**
 * Worker thread that holds the connections of destinations. Its environment is empty, and every connection that is opened in it goes
 * through the guard.
 */
import { parentPort, workerData } from "node:worker_threads";
import { ConnectorMissing, loadDriver } from "./drivers.ts";
import { causesOf, connectionFailure, unknownFailure } from "./failure.ts";
import { DialContext, GuardError, installGuard } from "./guard.ts";
import { LinkPool, NoFreeLink, type PooledLink } from "./link-pool.ts";
import type { Driver } from "./driver.ts";
import type { KindMessage } from "../kind.ts";
import type {
  FromThread,
  LinkFacts,
  LinkSpec,
  PostToThread,
  ThreadOptions,
  ThreadResult,
  ToThread,
  VetResult,
} from "./protocol.ts";

/** A message that waited longer since the main thread allowed it is sent only after the main thread has allowed it again. */
const ALLOWED_MS = 100;
const IDLE_CHECK_MS = 5000;

const options = workerData as ThreadOptions;
installGuard(options);

const port = parentPort!;
const specs = new Map<number, LinkSpec>();
const jobs = new Map<number, Job>();
const vets = new Map<number, (result: VetResult) => void>();
let lastVet = 0;
let outbox: FromThread[] = [];
let reported = "{}";

interface Job {
  readonly link: number;
  readonly abort: AbortController;
  /** Set while the job waits for permission. */
  go: (() => void) | null;
}

const pool = new LinkPool({
  ...options,
  driver: loadDriver,
  dialContext: (link) =>
    new DialContext(
      (host, dialPort) =>
        new Promise((resolve) => {
          const id = ++lastVet;
          vets.set(id, resolve);
          post({ op: "vet", id, link, host, port: dialPort });
        }),
    ),
  now: () => performance.now(),
});

setInterval(
  () => {
    pool.closeIdle();
    report(true);
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
    case "forget":
      specs.delete(item.link);
      pool.retire(item.link);
      return;
    case "send": {
      const body = bodies.subarray(item.bodyStart, item.bodyStart + item.bodyLength);
      void send(item, { ...item.message, body });
      return;
    }
    case "go":
      jobs.get(item.id)?.go?.();
      return;
    case "cancel":
      cancel(item.id, item.isTimeout);
      return;
    case "vetted":
      vets.get(item.id)?.(item.result);
      vets.delete(item.id);
      return;
    case "ping":
      post({ op: "pong", id: item.id });
  }
}

/** The main thread has settled the message. A link whose target did not respond in time is not used for others. */
function cancel(id: number, isTimeout: boolean): void {
  const job = jobs.get(id);
  if (job === undefined) return;
  jobs.delete(id);
  job.abort.abort();
  if (isTimeout) pool.retire(job.link);
}

async function send({ id, link, allowedAt }: Extract<ToThread, { op: "send" }>, message: KindMessage): Promise<void> {
  const job: Job = { link, abort: new AbortController(), go: null };
  jobs.set(id, job);
  const result = await untilAborted(resultOf(job, id, message, allowedAt), job.abort.signal);
  if (jobs.delete(id) && result !== null) post({ op: "done", id, result });
}

async function resultOf(job: Job, id: number, message: KindMessage, allowedAt: number): Promise<ThreadResult> {
  const startedAt = performance.now();
  const { signal } = job.abort;
  let used: PooledLink | null = null;
  let isBroken = false;
  // Ends the use even if the driver never settles.
  const release = (): void => used?.release(isBroken);
  signal.addEventListener("abort", release, { once: true });
  try {
    used = await pool.use(job.link, specs.get(job.link)!);
    if (signal.aborted) return CANCELED;
    const { link, context, isReused } = used;
    const connectMs = isReused ? null : performance.now() - startedAt;
    if (Date.now() - allowedAt > ALLOWED_MS || Date.now() < allowedAt) await allowedAgain(job, id);
    if (signal.aborted) return CANCELED;
    context.extend(message.body.byteLength);
    const { driver } = used;
    try {
      const result = await context.unlessRefused(context.run(() => link.send(message, signal)));
      return { kind: "item", result, facts: { connectMs, peer: context.peer } };
    } catch (error) {
      // After an error, the state of the connection is unknown.
      isBroken = true;
      return failureOf(error, driver, { connectMs, peer: context.peer });
    }
  } catch (error) {
    return openFailure(error, job.link, performance.now() - startedAt);
  } finally {
    signal.removeEventListener("abort", release);
    release();
  }
}

async function openFailure(error: unknown, link: number, connectMs: number): Promise<ThreadResult> {
  if (error instanceof ConnectorMissing || error instanceof NoFreeLink) {
    return { kind: "own_fault", code: error.code, detail: error.message };
  }
  const driver = await driverOf(link);
  return failureOf(error, driver, { connectMs, peer: null });
}

/** `null`: it cannot be loaded. */
async function driverOf(link: number): Promise<Driver | null> {
  try {
    return await loadDriver(specs.get(link)?.kind ?? "");
  } catch {
    return null;
  }
}

function failureOf(error: unknown, driver: Driver | null, facts: LinkFacts): ThreadResult {
  const guarded = causesOf(error).find((one) => one instanceof GuardError);
  if (guarded?.refusal?.isOurs === true) {
    const { code, detail } = guarded.refusal;
    return { kind: "own_fault", code, detail };
  }
  const result =
    connectionFailure(guarded) ?? driver?.failure(error) ?? connectionFailure(error) ?? unknownFailure(error);
  return { kind: "item", result, facts };
}

const CANCELED: ThreadResult = { kind: "own_fault", code: "canceled", detail: "" };

function allowedAgain(job: Job, id: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  job.go = resolve;
  job.abort.signal.addEventListener("abort", () => resolve(), { once: true });
  post({ op: "ask", id });
  return promise;
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | null> {
  const { promise, resolve } = Promise.withResolvers<null>();
  signal.addEventListener("abort", () => resolve(null), { once: true });
  return Promise.race([work, promise]);
}

/** @param always Also if the links are the same, because the memory has changed. */
function report(always = false): void {
  const links = pool.counts;
  const text = JSON.stringify(links);
  if (text === reported && !always) return;
  reported = text;
  const { heapTotal, external } = process.memoryUsage();
  post({ op: "count", counts: { links, memoryBytes: heapTotal + external } });
}

/** Everything of one turn is posted together, which costs a tenth of single posts. */
function post(message: FromThread): void {
  if (outbox.length === 0) setImmediate(flush);
  outbox.push(message);
}

function flush(): void {
  report();
  const items = outbox;
  outbox = [];
  port.postMessage(items, []);
}
