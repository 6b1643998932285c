/**
 * The threads that run transformations, and the queue before them.
 *
 * A thread starts when it is first needed. One that does not answer in time is killed, whatever it does; the run it was at has failed and
 * nothing else has. Of two or more threads one endpoint has never all, so that code that is slow delays its own deliveries.
 */
import { Worker } from "node:worker_threads";
import { FairQueue, type Turn } from "./fair-queue.ts";
import type { OpenApiDescription } from "../domain/event-type/openapi/describe.ts";
import type { DiagnosisJob, DiagnosisReport } from "../ingest/diagnosis.ts";
import type { Conversion, ConversionResult } from "../format/convert.ts";
import type {
  Busy,
  RunFailed,
  RunResult,
  SandboxLimits,
  ThreadMessage,
  ThreadRequest,
  ThreadResult,
  TransformRun,
} from "./types.ts";

export interface TransformPoolOptions extends SandboxLimits {
  readonly threads: number;
  /** Milliseconds after which a thread is killed: far more than `cpuMs`, which the engine keeps by itself. */
  readonly killMs: number;
  /** Runs that wait; more are turned away. */
  readonly maxQueued: number;
  /** Bytes of the payloads that wait. */
  readonly maxQueuedBytes: number;
  /** A thread ended that was not told to, and not for the code that it ran. */
  readonly onTrouble: (error: Error) => void;
}

interface Waiting extends Turn {
  readonly request: ThreadRequest;
  readonly bytes: number;
  readonly settle: (result: ThreadResult | Busy) => void;
}

const BUSY: Busy = { kind: "busy" };
/**
 * Heap of a thread. A thread that reaches it can take the whole process down (Node aborts when the heap is full before the thread could be
 * ended), so each kind of job is bounded to a fraction of it.
 */
const HEAP_MB = 512;
/** A thread that is not up by then never will be. */
const START_MS = 30_000;
/** After a thread ended by itself no new one is started for this long. */
const REST_MS = 1000;

export class TransformPool implements AsyncDisposable {
  readonly #options: TransformPoolOptions;
  readonly #queue = new FairQueue<Waiting>();
  readonly #threads = new Set<Thread>();
  #queuedBytes = 0;
  #lastId = 0;
  #closed = false;
  #restsUntil = 0;

  constructor(options: TransformPoolOptions) {
    this.#options = options;
  }

  /** Runs a transformation when it is its turn. Never rejects. */
  run(run: TransformRun, turn: Turn, signal?: AbortSignal): Promise<RunResult | Busy> {
    const bytes = run.payload.byteLength + run.code.length;
    return this.#submit({ id: ++this.#lastId, op: "run", run }, turn, bytes, signal) as Promise<RunResult | Busy>;
  }

  /** What is wrong with code that can be seen without a message; `null`: nothing. Never rejects. */
  check(code: string, turn: Turn): Promise<RunFailed | Busy | null> {
    const request = { id: ++this.#lastId, op: "check", code } as const;
    return this.#submit(request, turn, code.length) as Promise<RunFailed | Busy | null>;
  }

  /** Brings a large body into another format, apart from what else the node does. Never rejects. */
  convert(conversion: Conversion, turn: Turn, signal?: AbortSignal): Promise<ConversionResult | RunFailed | Busy> {
    const request = { id: ++this.#lastId, op: "convert", conversion } as const;
    const bytes = conversion.body.bytes.byteLength;
    return this.#submit(request, turn, bytes, signal) as Promise<ConversionResult | RunFailed | Busy>;
  }

  /** Reads the OpenAPI document in the body of an import request. Never rejects. */
  describeOpenApi(request: Uint8Array, turn: Turn): Promise<OpenApiDescription | RunFailed | Busy> {
    const job = { id: ++this.#lastId, op: "describe", request } as const;
    return this.#submit(job, turn, request.byteLength) as Promise<OpenApiDescription | RunFailed | Busy>;
  }

  /** Finds out why a request does not verify. Never rejects. */
  diagnose(job: DiagnosisJob, turn: Turn): Promise<DiagnosisReport | RunFailed | Busy> {
    const request = { id: ++this.#lastId, op: "diagnose", job } as const;
    return this.#submit(request, turn, job.request.body.byteLength) as Promise<DiagnosisReport | RunFailed | Busy>;
  }

  /** Ends the threads, and whatever they do. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) next.settle(BUSY);
    await Promise.all([...this.#threads].map((thread) => thread.end(BUSY)));
  }

  #submit(
    request: ThreadRequest,
    { tenant, endpoint }: Turn,
    bytes: number,
    signal?: AbortSignal,
  ): Promise<ThreadResult | Busy> {
    const { maxQueued, maxQueuedBytes } = this.#options;
    const full = this.#queue.size >= maxQueued || this.#queuedBytes + bytes > maxQueuedBytes;
    if (this.#closed || signal?.aborted === true || (full && this.#queue.size > 0)) return Promise.resolve(BUSY);
    return new Promise((resolve) => {
      const settle = (result: ThreadResult | Busy): void => {
        signal?.removeEventListener("abort", giveUp);
        resolve(result);
      };
      const waiting: Waiting = { tenant, endpoint, request, bytes, settle };
      const giveUp = (): void => {
        if (this.#queue.remove(waiting)) this.#queuedBytes -= bytes;
        settle(BUSY);
      };
      signal?.addEventListener("abort", giveUp, { once: true });
      this.#queuedBytes += bytes;
      this.#queue.push(waiting);
      this.#pump();
    });
  }

  #pump(): void {
    while (!this.#closed && this.#queue.size > 0) {
      const thread = this.#idleThread();
      if (thread === null) return;
      const next = this.#queue.shift((turn) => this.#mayRun(turn));
      if (next === undefined) return;
      this.#queuedBytes -= next.bytes;
      thread.work(next);
    }
  }

  /** All threads but one, at most, are at work for one endpoint. */
  #mayRun({ endpoint }: Turn): boolean {
    if (this.#options.threads < 2) return true;
    let busy = 0;
    for (const thread of this.#threads) if (thread.current?.endpoint === endpoint) busy++;
    return busy < this.#options.threads - 1;
  }

  #idleThread(): Thread | null {
    for (const thread of this.#threads) if (thread.idle) return thread;
    if (this.#threads.size >= this.#options.threads) return null;
    const rest = this.#restsUntil - performance.now();
    if (rest > 0) {
      setTimeout(() => this.#pump(), rest).unref();
      return null;
    }
    const thread = new Thread(this.#options, {
      free: () => this.#pump(),
      gone: (trouble) => {
        this.#threads.delete(thread);
        if (trouble !== null && !this.#closed) {
          this.#restsUntil = performance.now() + REST_MS;
          this.#options.onTrouble(trouble);
        }
        this.#pump();
      },
    });
    this.#threads.add(thread);
    return thread;
  }
}

interface ThreadEvents {
  free(): void;
  /** `trouble`: it ended by itself. */
  gone(trouble: Error | null): void;
}

/** One thread, at one run at a time. */
class Thread {
  readonly #worker: Worker;
  readonly #options: TransformPoolOptions;
  readonly #events: ThreadEvents;
  #current: Waiting | null = null;
  #ready = false;
  #ended = false;
  #alarm: NodeJS.Timeout;

  constructor(options: TransformPoolOptions, events: ThreadEvents) {
    this.#options = options;
    this.#events = events;
    // The built package has .js beside this file, the repository .ts.
    const file = new URL(import.meta.url.endsWith(".ts") ? "./thread.ts" : "./thread.js", import.meta.url);
    const { cpuMs, memoryBytes, outputBytes } = options;
    this.#worker = new Worker(file, {
      workerData: { cpuMs, memoryBytes, outputBytes } satisfies SandboxLimits,
      name: "posthorn-transform",
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, stackSizeMb: 8 },
    });
    this.#worker.on("message", (message: ThreadMessage) => this.#take(message));
    this.#worker.on("error", (error) => void this.#die(error instanceof Error ? error : new Error(String(error))));
    this.#worker.on("exit", () => void this.#die(new Error("a thread of transformations ended")));
    this.#alarm = setTimeout(() => void this.#die(new Error("a thread of transformations did not start")), START_MS);
  }

  get idle(): boolean {
    return this.#current === null && !this.#ended;
  }

  get current(): Waiting | null {
    return this.#current;
  }

  work(next: Waiting): void {
    this.#current = next;
    this.#worker.postMessage(next.request, []);
    if (this.#ready) this.#setAlarm();
  }

  /** Ends it; the run it is at comes to `result`. */
  async end(result: RunResult | Busy): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#alarm);
    const { current } = this;
    this.#current = null;
    await this.#worker.terminate();
    current?.settle(result);
    this.#events.gone(null);
  }

  #take(message: ThreadMessage): void {
    if (this.#ended) return;
    if (message.kind === "ready") {
      this.#ready = true;
      clearTimeout(this.#alarm);
      if (this.#current !== null) this.#setAlarm();
      return;
    }
    if (message.id !== this.#current?.request.id) return;
    clearTimeout(this.#alarm);
    const { settle } = this.#current;
    this.#current = null;
    settle(message.result);
    if (message.worn) void this.end(BUSY);
    else this.#events.free();
  }

  #setAlarm(): void {
    this.#alarm = setTimeout(() => void this.end(killed(this.#options.killMs)), this.#options.killMs);
  }

  /** It ended, and not because it was told to. A run that it was at is to blame only when it was up before. */
  async #die(error: Error): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#alarm);
    const { current } = this;
    this.#current = null;
    const blamed = current !== null && this.#ready;
    await this.#worker.terminate();
    current?.settle(blamed ? CRASHED : BUSY);
    this.#events.gone(blamed ? null : error);
  }
}

const CRASHED: RunFailed = {
  kind: "failed",
  reason: "crashed",
  message: "The code brought its sandbox down.",
  line: null,
  logs: [],
  cpuMs: 0,
};

function killed(killMs: number): RunFailed {
  const message = `The code was stopped from outside after ${killMs} ms.`;
  return { kind: "failed", reason: "timeout", message, line: null, logs: [], cpuMs: killMs };
}
