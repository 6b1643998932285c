/**
 * Runs the code of a transformation in QuickJS inside WebAssembly, without access to files, network or clock. Memory is capped by the
 * engine and again by the WebAssembly memory. Each run has its own engine, so that no state is left for the next.
 *
 * Blocks its thread while code runs: use it only in `thread.ts` and in tests.
 */
import { isUtf8 } from "node:buffer";
import variant from "@jitl/quickjs-wasmfile-release-sync";
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSRuntime,
  type QuickJSSyncVariant,
  type QuickJSWASMModule,
} from "quickjs-emscripten-core";
import { formatOf } from "../format/media-type.ts";
import { PRELUDE } from "./prelude.ts";
import type { RunFailed, RunFailure, RunResult, SandboxLimits, TransformRun } from "./types.ts";

const PAGE_BYTES = 65_536;
/** Initial memory that the module requires. */
const INITIAL_PAGES = 256;
/** Memory beyond the limit for the code: the engine itself, and fragmentation. */
const SPARE_BYTES = 32 * 1024 * 1024;
/** Stack limit for recursion in the code. The thread's own stack is several times as large. */
const STACK_BYTES = 128 * 1024;
const MAX_LOG_LINES = 50;
const MAX_LOG_LENGTH = 500;
const MAX_MESSAGE_LENGTH = 500;
const MAX_FACTS_LENGTH = 262_144;
/** Promise jobs run between two checks of the time limit. */
const JOBS_AT_ONCE = 1000;

const FILE = "transformation.js";

export class Sandbox {
  readonly #module: QuickJSWASMModule;
  readonly #memory: WebAssembly.Memory;
  readonly #limits: SandboxLimits;
  #broken = false;

  private constructor(module: QuickJSWASMModule, memory: WebAssembly.Memory, limits: SandboxLimits) {
    this.#module = module;
    this.#memory = memory;
    this.#limits = limits;
  }

  static async open(limits: SandboxLimits): Promise<Sandbox> {
    const maximum = INITIAL_PAGES + Math.ceil((limits.memoryBytes + SPARE_BYTES) / PAGE_BYTES);
    const memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum });
    const quiet = (): void => undefined;
    // Options that every Emscripten module accepts; the types list only a few.
    const emscriptenModule: object = { print: quiet, printErr: quiet };
    const options = { wasmMemory: memory, emscriptenModule };
    // The types describe the CommonJS build, whose default export is a namespace.
    const base = variant as unknown as QuickJSSyncVariant;
    const module = await newQuickJSWASMModuleFromVariant(newVariant(base, options));
    return new Sandbox(module, memory, limits);
  }

  /** Whether it should be replaced: it is broken, or its memory has grown, which WebAssembly never releases. */
  get worn(): boolean {
    return this.#broken || this.#memory.buffer.byteLength > this.#limits.memoryBytes;
  }

  /** Runs the handler of the code on a message. Never throws. */
  run(run: TransformRun): RunResult {
    return this.#guarded(run.webhook.time, run.webhook.id, (engine) => engine.run(run));
  }

  /** Checks the code without a message. `null`: no error was found. */
  check(code: string): RunFailed | null {
    const result = this.#guarded<RunFailed | null>(0, "", (engine) => {
      const handler = engine.load(code);
      if ("dispose" in handler) {
        handler.dispose();
        return null;
      }
      return handler;
    });
    return result;
  }

  #guarded<Result>(now: number, seed: string, work: (engine: Engine) => Result): Result | RunFailed {
    try {
      const engine = new Engine(this.#module, this.#limits, now, seed);
      const result = work(engine);
      this.#close(engine);
      return result;
    } catch (error) {
      // The engine could not report the error: it ran out of stack or memory, or failed an internal assertion.
      this.#broken = true;
      const text = error instanceof Error ? error.message : String(error);
      const message = /stack/i.test(text) ? "The code recurses too deep." : "The code brought its sandbox down.";
      return { kind: "failed", reason: "crashed", message, line: null, logs: [], cpuMs: 0 };
    }
  }

  #close(engine: Engine): void {
    try {
      engine.dispose();
    } catch {
      this.#broken = true;
    }
  }
}

/** One run: an engine that contains only the prelude. */
class Engine {
  readonly #runtime: QuickJSRuntime;
  readonly #context: QuickJSContext;
  readonly #limits: SandboxLimits;
  readonly #startedAt = cpuMs();
  readonly #logs: string[] = [];
  readonly #call: QuickJSHandle;
  #late = false;

  constructor(module: QuickJSWASMModule, limits: SandboxLimits, now: number, seed: string) {
    this.#limits = limits;
    this.#runtime = module.newRuntime();
    this.#runtime.setMemoryLimit(limits.memoryBytes);
    this.#runtime.setMaxStackSize(STACK_BYTES);
    this.#runtime.setInterruptHandler(() => this.#isLate());
    this.#context = this.#runtime.newContext();
    this.#call = this.#prepare(now, seed);
  }

  dispose(): void {
    this.#call.dispose();
    this.#context.dispose();
    this.#runtime.dispose();
  }

  /** The handler that the code declares, or the error. */
  load(code: string): QuickJSHandle | RunFailed {
    const context = this.#context;
    const loaded = context.evalCode(code, FILE, { type: "global" });
    if (loaded.error) return this.#thrown(loaded.error, "syntax");
    loaded.value.dispose();
    // Finds any kind of declaration: `function`, `const`, or a property of the global object.
    const found = context.evalCode('typeof handler === "function" ? handler : undefined');
    if (found.error) return this.#thrown(found.error, "syntax");
    if (context.typeof(found.value) === "function") return found.value;
    found.value.dispose();
    return this.failed("syntax", "The code must declare a function: function handler(webhook) { …; return webhook; }");
  }

  run(run: TransformRun): RunResult {
    const handler = this.load(run.code);
    if (!("dispose" in handler)) return handler;
    const context = this.#context;
    const { payload, contentType, webhook, variables } = run;
    const text = isUtf8(payload) ? Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString() : "";
    const args = [
      handler,
      context.newString(text),
      formatOf(contentType) === "json" ? context.true : context.false,
      context.newString(JSON.stringify({ ...webhook, variables })),
    ];
    const called = context.callFunction(this.#call, context.undefined, ...args);
    for (const arg of args) arg.dispose();
    if (called.error) return this.#thrown(called.error, "threw");
    using out = called.value;
    const failure = this.#drainJobs(out);
    return failure ?? this.#outcome(out);
  }

  failed(reason: RunFailure, message: string, line: number | null = null): RunFailed {
    const cut = message.length > MAX_MESSAGE_LENGTH ? `${message.slice(0, MAX_MESSAGE_LENGTH)}…` : message;
    return { kind: "failed", reason, message: cut, line, logs: this.#logs, cpuMs: this.#cpuMs() };
  }

  #prepare(now: number, seed: string): QuickJSHandle {
    const context = this.#context;
    const log = context.newFunction("log", (line) => this.#log(context.getString(line)));
    const made = context.unwrapResult(context.evalCode(PRELUDE, "posthorn.js"));
    const args = [context.newNumber(now), context.newString(seed), log];
    const call = context.unwrapResult(context.callFunction(made, context.undefined, ...args));
    for (const handle of [made, ...args]) handle.dispose();
    return call;
  }

  #log(line: string): void {
    if (this.#logs.length < MAX_LOG_LINES) this.#logs.push(line.slice(0, MAX_LOG_LENGTH));
    else if (this.#logs.length === MAX_LOG_LINES) this.#logs.push("… more lines are omitted");
  }

  /** Runs pending promise jobs until the handler's promise is settled or no jobs are left. */
  #drainJobs(out: QuickJSHandle): RunFailed | null {
    while (this.#text(out, "state") === "waiting" && this.#runtime.hasPendingJob()) {
      const ran = this.#runtime.executePendingJobs(JOBS_AT_ONCE);
      if (ran.error) return this.#thrown(ran.error, "threw");
      ran.dispose();
      if (this.#isLate()) return this.#timeout();
    }
    return null;
  }

  #outcome(out: QuickJSHandle): RunResult {
    const state = this.#text(out, "state");
    if (state === "done") return this.#returned(out);
    if (state === "threw") return this.#thrown(this.#context.getProp(out, "error"), "threw");
    if (state === "nothing") {
      return this.failed("returned_nothing", "The handler must return the webhook, with its payload.");
    }
    return this.failed("never_settled", "The handler waits for a promise that nothing will settle.");
  }

  #returned(out: QuickJSHandle): RunResult {
    const kind = this.#text(out, "kind");
    const text = this.#text(out, "payload");
    const { outputBytes } = this.#limits;
    if (text !== null && (text.length > outputBytes || Buffer.byteLength(text) > outputBytes)) {
      return this.failed("too_large", `The payload that the code made is larger than ${outputBytes} bytes.`);
    }
    const facts = this.#text(out, "facts")!;
    if (facts.length > MAX_FACTS_LENGTH) {
      return this.failed(
        "too_large",
        `URL and headers returned by the code are larger than ${MAX_FACTS_LENGTH} characters.`,
      );
    }
    const [method, url, cancel, headers] = JSON.parse(facts) as [string, string, boolean, object];
    return {
      kind: "returned",
      method,
      url,
      cancel,
      headers: { ...headers },
      payload: text === null ? null : { kind: kind === "json" ? "json" : "text", text },
      logs: this.#logs,
      cpuMs: this.#cpuMs(),
    };
  }

  #text(from: QuickJSHandle, name: string): string | null {
    using handle = this.#context.getProp(from, name);
    return this.#context.typeof(handle) === "string" ? this.#context.getString(handle) : null;
  }

  /** Describes the thrown value. Disposes of the handle. */
  #thrown(error: QuickJSHandle, reason: "syntax" | "threw"): RunFailed {
    using handle = error;
    if (this.#late) return this.#timeout();
    const type = this.#context.typeof(handle);
    const name = type === "object" ? this.#text(handle, "name") : null;
    const message =
      type === "object" ? this.#text(handle, "message") : type === "string" ? this.#context.getString(handle) : null;
    if (message === "out of memory") {
      return this.failed("memory", `The code needs more than ${this.#limits.memoryBytes} bytes of memory.`);
    }
    if (this.#context.sameValue(handle, this.#context.null)) {
      return this.failed(reason, "The code threw null, or had no memory left for an error.");
    }
    const stack = type === "object" ? this.#text(handle, "stack") : null;
    // Getters of the thrown value may also have used up the time.
    if (this.#late) return this.#timeout();
    const line = stack === null ? undefined : /transformation\.js:(\d+)/.exec(stack)?.[1];
    const where = line === undefined ? "" : ` (line ${line})`;
    return this.failed(
      reason,
      `${name ?? "Thrown"}: ${message ?? type}${where}`,
      line === undefined ? null : Number(line),
    );
  }

  #timeout(): RunFailed {
    return this.failed("timeout", `The code took more than ${this.#limits.cpuMs} ms.`);
  }

  #isLate(): boolean {
    this.#late ||= this.#cpuMs() > this.#limits.cpuMs;
    return this.#late;
  }

  #cpuMs(): number {
    return cpuMs() - this.#startedAt;
  }
}

/** CPU time of this thread only, so that a busy machine does not cause timeouts. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
