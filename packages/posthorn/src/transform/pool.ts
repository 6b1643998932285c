/**
 * Worker threads that run transformations, and their queue.
 *
 * A thread starts when it is first needed. One that does not respond in time is killed, which fails only the run in progress. With two or
 * more threads, one endpoint never occupies all of them, so that slow code delays only its own deliveries.
 */
import { Worker } from "node:worker_threads";
import { threadFile } from "../lib/thread-file.ts";
import { FairQueue, type Turn } from "./fair-queue.ts";
import type { OpenApiDescription } from "../domain/event-type/openapi/describe.ts";
import type { DiagnosisJob, DiagnosisReport } from "../ingest/diagnosis.ts";
import type { ParseJob, ParseResult } from "../sources/driver.ts";
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
  /** Milliseconds after which a thread is killed: far more than `cpuMs`, which the engine enforces itself. */
  readonly killMs: number;
  /** Maximum number of queued runs. Further ones are refused. */
  readonly maxQueued: number;
  /** Maximum size of the queued payloads, in bytes. */
  readonly maxQueuedBytes: number;
  /** Called when a thread ended unexpectedly, and not because of the code that it ran. */
  readonly onError: (error: Error) => void;
}

interface Waiting extends Turn {
  readonly request: ThreadRequest;
  readonly bytes: number;
  readonly settle: (result: ThreadResult | Busy) => void;
}

const BUSY: Busy = { kind: "busy" };
/**
 * Heap limit of a thread. A thread that reaches it can bring down the whole process, because Node aborts on a full heap before the thread
 * can be ended. Each kind of job is therefore limited to a fraction of it.
 */
const HEAP_MB = 512;
/** A thread that has not started within this time counts as failed. */
const START_MS = 30_000;
/** Pause before a new thread is started after one ended unexpectedly. */
const REST_MS = 1000;

export class TransformPool implements AsyncDisposable {
  readonly #options: TransformPoolOptions;
  readonly #queue = new FairQueue<Waiting>();
  readonly #threads = new Set<Thread>();
  #limit: number;
  #queuedBytes = 0;
  #lastId = 0;
  #closed = false;
  #restsUntil = 0;

  constructor(options: TransformPoolOptions) {
    this.#options = options;
    this.#limit = options.threads;
  }

  /** Changes the number of threads. Running threads continue. */
  limit(threads: number): void {
    this.#limit = threads;
    this.#pump();
  }

  /** Queues and runs a transformation. Never rejects. */
  run(run: TransformRun, turn: Turn, signal?: AbortSignal): Promise<RunResult | Busy> {
    const bytes = run.payload.byteLength + run.code.length;
    return this.#submit({ id: ++this.#lastId, op: "run", run }, turn, bytes, signal) as Promise<RunResult | Busy>;
  }

  /** Checks code without running it on a message. `null`: no error was found. Never rejects. */
  check(code: string, turn: Turn): Promise<RunFailed | Busy | null> {
    const request = { id: ++this.#lastId, op: "check", code } as const;
    return this.#submit(request, turn, code.length) as Promise<RunFailed | Busy | null>;
  }

  /** Converts a large body to another format in a thread, so that the event loop stays free. Never rejects. */
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

  /** Diagnoses why a request fails verification. Never rejects. */
  diagnose(job: DiagnosisJob, turn: Turn): Promise<DiagnosisReport | RunFailed | Busy> {
    const request = { id: ++this.#lastId, op: "diagnose", job } as const;
    return this.#submit(request, turn, job.request.body.byteLength) as Promise<DiagnosisReport | RunFailed | Busy>;
  }

  /** Parses a document of a source. Never rejects. */
  parse(document: ParseJob, turn: Turn, signal?: AbortSignal): Promise<ParseResult | RunFailed | Busy> {
    const job = { id: ++this.#lastId, op: "parse", document } as const;
    const bytes = document.body.byteLength;
    return this.#submit(job, turn, bytes, signal) as Promise<ParseResult | RunFailed | Busy>;
  }

  /** Ends the threads and any runs in progress. */
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
        signal?.removeEventListener("abort", cancel);
        resolve(result);
      };
      const waiting: Waiting = { tenant, endpoint, request, bytes, settle };
      const cancel = (): void => {
        if (this.#queue.remove(waiting)) this.#queuedBytes -= bytes;
        settle(BUSY);
      };
      signal?.addEventListener("abort", cancel, { once: true });
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

  /** Whether the endpoint may use another thread: at most all threads but one. */
  #mayRun({ endpoint }: Turn): boolean {
    if (this.#limit < 2) return true;
    let busy = 0;
    for (const thread of this.#threads) if (thread.current?.endpoint === endpoint) busy++;
    return busy < this.#limit - 1;
  }

  #idleThread(): Thread | null {
    for (const thread of this.#threads) if (thread.idle) return thread;
    if (this.#threads.size >= this.#limit) return null;
    const rest = this.#restsUntil - performance.now();
    if (rest > 0) {
      setTimeout(() => this.#pump(), rest).unref();
      return null;
    }
    const thread = new Thread(this.#options, {
      free: () => this.#pump(),
      gone: (error) => {
        this.#threads.delete(thread);
        if (error !== null && !this.#closed) {
          this.#restsUntil = performance.now() + REST_MS;
          this.#options.onError(error);
        }
        this.#pump();
      },
    });
    this.#threads.add(thread);
    return thread;
  }
}

/** The request with a payload of its own: posting a view copies the whole buffer below it, which may hold many messages. */
function compact(request: ThreadRequest): ThreadRequest {
  if (request.op !== "run") return request;
  const { payload } = request.run;
  if (payload.byteLength === payload.buffer.byteLength) return request;
  return { ...request, run: { ...request.run, payload: new Uint8Array(payload) } };
}

interface ThreadEvents {
  free(): void;
  /** `error`: set if the thread ended unexpectedly. */
  gone(error: Error | null): void;
}

/** One worker thread. Processes one job at a time. */
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
    const { cpuMs, memoryBytes, outputBytes } = options;
    this.#worker = new Worker(threadFile("./transform-thread", import.meta.url), {
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
    this.#worker.postMessage(compact(next.request), []);
    if (this.#ready) this.#setAlarm();
  }

  /** Ends the thread. The run in progress settles with `result`. */
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

  /** Handles an unexpected end. The run in progress is blamed only if the thread had started. */
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
