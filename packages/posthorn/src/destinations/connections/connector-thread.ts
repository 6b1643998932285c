/**
 * Worker thread that holds the connections of destinations. Its environment is empty, and every connection that is opened in it goes
 * through the guard.
 */
import { parentPort, workerData } from "node:worker_threads";
import { ConnectorMissing, loadDriver } from "./drivers.ts";
import { causesOf, connectionFailure, unknownFailure } from "./failure.ts";
import { DialContext, GuardError, installGuard } from "./guard.ts";
import { LinkPool, NoFreeLink, type PooledLink } from "./link-pool.ts";
import { Listeners } from "./listeners.ts";
import type { Driver, Link } from "./driver.ts";
import type { ItemResult, KindMessage } from "../kind.ts";
import { decodeMessages } from "./message-cells.ts";
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
let transfers: ArrayBuffer[] = [];
let reported = "{}";

interface Job {
  readonly link: number;
  readonly abort: AbortController;
  /** Set while the job waits for permission. */
  go: (() => void) | null;
}

const dialContext = (link: number): DialContext =>
  new DialContext(
    (host, dialPort) =>
      new Promise((resolve) => {
        const id = ++lastVet;
        vets.set(id, resolve);
        post({ op: "vet", id, link, host, port: dialPort });
      }),
  );
const pool = new LinkPool({ ...options, driver: loadDriver, dialContext, now: () => performance.now() });
const listeners = new Listeners({ dialContext, post });

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
      void send(item, decodeMessages(item.cells, bodies, item.bodyStart));
      return;
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

async function send(
  { id, link, allowedAt }: Extract<ToThread, { op: "send" }>,
  messages: readonly KindMessage[],
): Promise<void> {
  const job: Job = { link, abort: new AbortController(), go: null };
  jobs.set(id, job);
  const result = await untilAborted(resultOf(job, id, messages, allowedAt), job.abort.signal);
  if (jobs.delete(id) && result !== null) post(replyOf(id, result));
}

/** The usual reply has few objects, since each costs time on both sides. */
function replyOf(id: number, result: ThreadResult): FromThread {
  if (result.kind !== "items") return { op: "done", id, result };
  const references: (string | null)[] = [];
  for (const one of result.results) {
    if (one.kind !== "ok" || one.isDuplicate === true || one.afterMs !== undefined) return { op: "done", id, result };
    references.push(one.reference);
  }
  return { op: "stored", id, references, ...result.facts };
}

async function resultOf(
  job: Job,
  id: number,
  messages: readonly KindMessage[],
  allowedAt: number,
): Promise<ThreadResult> {
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
    context.extend(messages.reduce((bytes, { body }) => bytes + body.byteLength, 0));
    const { driver } = used;
    const facts = (): LinkFacts => ({ connectMs, peer: context.peer });
    const failed = (error: unknown): ItemResult => {
      // After an error, the state of the connection is unknown.
      isBroken = true;
      return failureOf(error, driver);
    };
    try {
      const results = await context.unlessRefused(context.run(() => sendAll(link, messages, { signal, failed })));
      return { kind: "items", results, facts: facts() };
    } catch (error) {
      const result = failed(error);
      if (isOwnFault(error)) return ownFaultOf(error);
      return { kind: "items", results: messages.map(() => result), facts: facts() };
    }
  } catch (error) {
    return openFailure(error, { job, messages, connectMs: performance.now() - startedAt });
  } finally {
    signal.removeEventListener("abort", release);
    release();
  }
}

/** @param failed Explains the error of one message. */
async function sendAll(
  link: Link,
  messages: readonly KindMessage[],
  { signal, failed }: { readonly signal: AbortSignal; readonly failed: (error: unknown) => ItemResult },
): Promise<readonly ItemResult[]> {
  const [first] = messages;
  if (messages.length === 1) return [await link.send(first!, signal)];
  if (link.sendAll !== undefined) return link.sendAll(messages, signal);
  return Promise.all(
    messages.map(async (message) => {
      try {
        return await link.send(message, signal);
      } catch (error) {
        if (isOwnFault(error)) throw error;
        return failed(error);
      }
    }),
  );
}

async function openFailure(
  error: unknown,
  {
    job,
    messages,
    connectMs,
  }: { readonly job: Job; readonly messages: readonly KindMessage[]; readonly connectMs: number },
): Promise<ThreadResult> {
  if (error instanceof ConnectorMissing || error instanceof NoFreeLink) {
    return { kind: "own_fault", code: error.code, detail: error.message };
  }
  if (isOwnFault(error)) return ownFaultOf(error);
  const result = failureOf(error, await driverOf(job.link));
  return { kind: "items", results: messages.map(() => result), facts: { connectMs, peer: null } };
}

/** `null`: it cannot be loaded. */
async function driverOf(link: number): Promise<Driver | null> {
  try {
    return await loadDriver(specs.get(link)?.kind ?? "");
  } catch {
    return null;
  }
}

function guardErrorOf(error: unknown): GuardError | undefined {
  return causesOf(error).find((one) => one instanceof GuardError);
}

/** The guard refused a connection because of a fault on Posthorn's side. */
function isOwnFault(error: unknown): boolean {
  return guardErrorOf(error)?.refusal?.isOurs === true;
}

function ownFaultOf(error: unknown): ThreadResult {
  const { code, detail } = guardErrorOf(error)!.refusal!;
  return { kind: "own_fault", code, detail };
}

function failureOf(error: unknown, driver: Driver | null): ItemResult {
  const guarded = guardErrorOf(error);
  return connectionFailure(guarded) ?? driver?.failure(error) ?? connectionFailure(error) ?? unknownFailure(error);
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
  const links = { ...pool.counts, ...listeners.counts };
  const text = JSON.stringify(links);
  if (text === reported && !always) return;
  reported = text;
  const { heapTotal, external } = process.memoryUsage();
  post({ op: "count", counts: { links, memoryBytes: heapTotal + external } });
}

/** Everything of one turn is posted together, which costs a tenth of single posts. */
function post(message: FromThread, transfer: ArrayBuffer | null = null): void {
  if (outbox.length === 0) setImmediate(flush);
  outbox.push(message);
  if (transfer !== null) transfers.push(transfer);
}

function flush(): void {
  report();
  const items = outbox;
  const transferred = transfers;
  outbox = [];
  transfers = [];
  port.postMessage(items, transferred);
}
