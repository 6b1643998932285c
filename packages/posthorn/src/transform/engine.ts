/**
 * The QuickJS engine of a sandbox, with the prelude and the code of one transformation at a time. Its memory is capped by the engine and again
 * by the WebAssembly memory.
 *
 * It frees nothing: resetting the memory does that for everything at once. Its own handles stay valid, because they are part of the memory's
 * initial state.
 */
import { isUtf8 } from "node:buffer";
import type { QuickJSContext, QuickJSHandle, QuickJSRuntime, QuickJSWASMModule } from "quickjs-emscripten-core";
import { formatOf } from "../format/media-type.ts";
import { PRELUDE } from "./prelude.ts";
import type { RunFailed, RunFailure, RunResult, SandboxLimits, TransformRun } from "./types.ts";

/** Stack limit for recursion in the code. The thread's own stack is several times as large. */
export const STACK_BYTES = 128 * 1024;
const MAX_LOG_LINES = 50;
const MAX_LOG_LENGTH = 500;
const MAX_MESSAGE_LENGTH = 500;
const MAX_FACTS_LENGTH = 262_144;
/** Promise jobs run between two checks of the time limit. */
const JOBS_AT_ONCE = 1000;

const FILE = "transformation.js";

export class Engine {
  readonly #runtime: QuickJSRuntime;
  readonly #context: QuickJSContext;
  readonly #limits: SandboxLimits;
  readonly #begin: QuickJSHandle;
  readonly #dependsOnMessage: QuickJSHandle;
  readonly #call: QuickJSHandle;
  // Facts of the current run.
  #startedAt = 0;
  #spentMs = 0;
  #logs: string[] = [];
  #late = false;

  constructor(module: QuickJSWASMModule, limits: SandboxLimits) {
    this.#limits = limits;
    this.#runtime = module.newRuntime();
    this.#runtime.setMemoryLimit(limits.memoryBytes);
    this.#runtime.setMaxStackSize(STACK_BYTES);
    this.#context = this.#runtime.newContext();
    const context = this.#context;
    // The engine's reference to the function keeps it from being freed by code that deletes the console.
    const log = context.newFunction("log", (line) => this.#log(context.getString(line)));
    const start = context.unwrapResult(context.evalCode(PRELUDE, "posthorn.js"));
    const made = context.unwrapResult(context.callFunction(start, context.undefined, log));
    this.#begin = context.getProp(made, "begin");
    this.#dependsOnMessage = context.getProp(made, "dependsOnMessage");
    this.#call = context.getProp(made, "call");
    this.#runtime.setInterruptHandler(() => this.#isLate());
  }

  /**
   * Begins a run. `spentMs`: CPU time already used, which counts towards the limit.
   * @param id Determines the random numbers.
   */
  begin(time: number, id: string, spentMs = 0): void {
    this.#logs = [];
    this.#late = false;
    this.#spentMs = spentMs;
    this.#startedAt = cpuMs();
    const context = this.#context;
    const [now, seed] = [context.newNumber(time), context.newNumber(seedOf(id))];
    context.unwrapResult(context.callFunction(this.#begin, context.undefined, now, seed));
  }

  /** Whether the code has used the clock or randomness, or has logged, since the run began. */
  get dependsOnMessage(): boolean {
    const context = this.#context;
    const called = context.callFunction(this.#dependsOnMessage, context.undefined);
    return called.error !== undefined || context.sameValue(called.value, context.true);
  }

  /** CPU time of the run so far, in milliseconds. */
  get cpuMs(): number {
    return cpuMs() - this.#startedAt;
  }

  /** The handler that the code declares, or the error. */
  load(code: string): QuickJSHandle | RunFailed {
    const context = this.#context;
    const loaded = context.evalCode(code, FILE, { type: "global" });
    if (loaded.error) return this.#thrown(loaded.error, "syntax");
    // Finds any kind of declaration: `function`, `const`, or a property of the global object.
    const found = context.evalCode('typeof handler === "function" ? handler : undefined');
    if (found.error) return this.#thrown(found.error, "syntax");
    if (context.typeof(found.value) === "function") return found.value;
    return this.#failed("syntax", "The code must declare a function: function handler(webhook) { …; return webhook; }");
  }

  /** Calls the handler, which `load` returned, on a message. */
  run(handler: QuickJSHandle, { payload, contentType, webhook, variables }: TransformRun): RunResult {
    const context = this.#context;
    const text = isUtf8(payload) ? Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString() : "";
    const args = [
      handler,
      context.newString(text),
      formatOf(contentType) === "json" ? context.true : context.false,
      context.newString(JSON.stringify({ ...webhook, variables })),
    ];
    const called = context.callFunction(this.#call, context.undefined, ...args);
    if (called.error) return this.#thrown(called.error, "threw");
    return this.#drainJobs(called.value) ?? this.#outcome(called.value);
  }

  #failed(reason: RunFailure, message: string, line: number | null = null): RunFailed {
    const cut = message.length > MAX_MESSAGE_LENGTH ? `${message.slice(0, MAX_MESSAGE_LENGTH)}…` : message;
    return { kind: "failed", reason, message: cut, line, logs: this.#logs, cpuMs: this.cpuMs };
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
      if (this.#isLate()) return this.#timeout();
    }
    return null;
  }

  #outcome(out: QuickJSHandle): RunResult {
    const state = this.#text(out, "state");
    if (state === "done") return this.#returned(out);
    if (state === "threw") return this.#thrown(this.#context.getProp(out, "error"), "threw");
    if (state === "nothing") {
      return this.#failed("returned_nothing", "The handler must return the webhook, with its payload.");
    }
    return this.#failed("never_settled", "The handler waits for a promise that nothing will settle.");
  }

  #returned(out: QuickJSHandle): RunResult {
    const kind = this.#text(out, "kind");
    const text = this.#text(out, "payload");
    const { outputBytes } = this.#limits;
    if (text !== null && (text.length > outputBytes || Buffer.byteLength(text) > outputBytes)) {
      return this.#failed("too_large", `The payload that the code made is larger than ${outputBytes} bytes.`);
    }
    const facts = this.#text(out, "facts")!;
    if (facts.length > MAX_FACTS_LENGTH) {
      return this.#failed(
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
      cpuMs: this.cpuMs,
    };
  }

  #text(from: QuickJSHandle, name: string): string | null {
    const handle = this.#context.getProp(from, name);
    return this.#context.typeof(handle) === "string" ? this.#context.getString(handle) : null;
  }

  /** Describes the thrown value. */
  #thrown(handle: QuickJSHandle, reason: "syntax" | "threw"): RunFailed {
    if (this.#late) return this.#timeout();
    const type = this.#context.typeof(handle);
    const name = type === "object" ? this.#text(handle, "name") : null;
    const message =
      type === "object" ? this.#text(handle, "message") : type === "string" ? this.#context.getString(handle) : null;
    if (message === "out of memory") {
      return this.#failed("memory", `The code needs more than ${this.#limits.memoryBytes} bytes of memory.`);
    }
    if (this.#context.sameValue(handle, this.#context.null)) {
      return this.#failed(reason, "The code threw null, or had no memory left for an error.");
    }
    const stack = type === "object" ? this.#text(handle, "stack") : null;
    // Getters of the thrown value may also have used up the time.
    if (this.#late) return this.#timeout();
    const line = stack === null ? undefined : /transformation\.js:(\d+)/.exec(stack)?.[1];
    const where = line === undefined ? "" : ` (line ${line})`;
    return this.#failed(
      reason,
      `${name ?? "Thrown"}: ${message ?? type}${where}`,
      line === undefined ? null : Number(line),
    );
  }

  #timeout(): RunFailed {
    return this.#failed("timeout", `The code took more than ${this.#limits.cpuMs} ms.`);
  }

  #isLate(): boolean {
    this.#late ||= this.#spentMs + this.cpuMs > this.#limits.cpuMs;
    return this.#late;
  }
}

/** CPU time of this thread only, so that a busy machine does not cause timeouts. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** FNV-1a of a text. */
function seedOf(text: string): number {
  let hash = 2_166_136_261;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 16_777_619);
  return hash;
}
