/**
 * Runs the code of a transformation in QuickJS inside WebAssembly, without access to files, network or clock. Each run starts from the same
 * bytes of memory, so that no state is left for the next.
 *
 * Blocks its thread while code runs: use it only in `transform-thread.ts` and in tests.
 */
import variant from "@jitl/quickjs-wasmfile-release-sync";
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSHandle,
  type QuickJSSyncVariant,
  type QuickJSWASMModule,
} from "quickjs-emscripten-core";
import { EngineMemory, type MemoryChanges } from "./engine-memory.ts";
import { Engine, STACK_BYTES } from "./engine.ts";
import type { RunFailed, RunResult, SandboxLimits, TransformRun } from "./types.ts";

const PAGE_BYTES = 65_536;
/** Initial memory that the module requires. */
const INITIAL_PAGES = 256;
/** Memory beyond the limit for the code: the engine itself, and fragmentation. */
const SPARE_BYTES = 32 * 1024 * 1024;
/** Maximum size of the loaded code that is kept. */
const MAX_LOADED_BYTES = 8 * 1024 * 1024;

/** Code that has been compiled and run up to its handler, and what that changed in the memory. */
interface Loaded {
  readonly handler: QuickJSHandle;
  readonly changes: MemoryChanges;
  readonly cpuMs: number;
}

export class Sandbox {
  readonly #memory: WebAssembly.Memory;
  readonly #limits: SandboxLimits;
  readonly #engineMemory: EngineMemory;
  readonly #engine: Engine;
  /** By code, the least recently used first. */
  readonly #loaded = new Map<string, Loaded>();
  #loadedBytes = 0;
  #loads = 0;
  #broken = false;

  private constructor(module: QuickJSWASMModule, memory: WebAssembly.Memory, limits: SandboxLimits) {
    this.#memory = memory;
    this.#limits = limits;
    this.#engineMemory = new EngineMemory(module, memory);
    this.#engine = new Engine(module, limits);
    this.#engineMemory.keepInitial(2 * STACK_BYTES);
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

  /** How often code was compiled. */
  get loads(): number {
    return this.#loads;
  }

  /** Runs the handler of the code on a message. Never throws. */
  run(run: TransformRun): RunResult {
    return this.#guarded(() => {
      const handler = this.#begin(run);
      return "dispose" in handler ? this.#engine.run(handler, run) : handler;
    });
  }

  /** Checks the code without a message. `null`: no error was found. */
  check(code: string): RunFailed | null {
    return this.#guarded<RunFailed | null>(() => {
      this.#engine.begin(0, "");
      const handler = this.#load(code);
      return "dispose" in handler ? null : handler;
    });
  }

  #guarded<Result>(work: () => Result): Result | RunFailed {
    try {
      const result = work();
      this.#engineMemory.reset();
      return result;
    } catch (error) {
      // The engine could not report the error: it ran out of stack or memory, or failed an internal assertion.
      this.#broken = true;
      const text = error instanceof Error ? error.message : String(error);
      const message = /stack/i.test(text) ? "The code recurses too deep." : "The code brought its sandbox down.";
      return { kind: "failed", reason: "crashed", message, line: null, logs: [], cpuMs: 0 };
    }
  }

  /** Begins a run. Loading gives the same result for each message, unless the code uses clock, randomness or console outside its handler. */
  #begin({ code, webhook: { time, id } }: TransformRun): QuickJSHandle | RunFailed {
    const loaded = this.#loaded.get(code);
    if (loaded !== undefined) {
      this.#engineMemory.apply(loaded.changes);
      this.#engine.begin(time, id, loaded.cpuMs);
      this.#loaded.delete(code);
      this.#loaded.set(code, loaded);
      return loaded.handler;
    }
    this.#engine.begin(time, id);
    const handler = this.#load(code);
    const { cpuMs } = this.#engine;
    if ("dispose" in handler && !this.#engine.dependsOnMessage) this.#keep(code, handler, cpuMs);
    return handler;
  }

  #load(code: string): QuickJSHandle | RunFailed {
    this.#loads++;
    return this.#engine.load(code);
  }

  #keep(code: string, handler: QuickJSHandle, cpuMs: number): void {
    const changes = this.#engineMemory.changes();
    if (changes.bytes > MAX_LOADED_BYTES / 4) return;
    this.#loaded.set(code, { handler, changes, cpuMs });
    this.#loadedBytes += changes.bytes;
    for (const [oldest, { changes: dropped }] of this.#loaded) {
      if (this.#loadedBytes <= MAX_LOADED_BYTES) break;
      this.#loaded.delete(oldest);
      this.#loadedBytes -= dropped.bytes;
    }
  }
}
