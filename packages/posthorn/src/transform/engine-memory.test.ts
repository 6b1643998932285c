import variant from "@jitl/quickjs-wasmfile-release-sync";
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSSyncVariant,
  type QuickJSWASMModule,
} from "quickjs-emscripten-core";
import { describe, expect, it } from "vitest";
import { EngineMemory } from "./engine-memory.ts";
import { Engine, STACK_BYTES } from "./engine.ts";

const LIMITS = { cpuMs: 1000, memoryBytes: 32 * 1024 * 1024, outputBytes: 100_000 };
const PAGES = 256;

async function opened(): Promise<{ module: QuickJSWASMModule; memory: WebAssembly.Memory }> {
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: 4 * PAGES });
  const base = variant as unknown as QuickJSSyncVariant;
  const module = await newQuickJSWASMModuleFromVariant(newVariant(base, { wasmMemory: memory }));
  return { module, memory };
}

async function engineOf(limits = LIMITS) {
  const { module, memory } = await opened();
  const engineMemory = new EngineMemory(module, memory);
  const engine = new Engine(module, limits);
  engineMemory.keepInitial(2 * STACK_BYTES);
  return { memory, engineMemory, engine };
}

const copyOf = (memory: WebAssembly.Memory): Buffer => Buffer.from(memory.buffer.slice(0));

describe("the memory of an engine", () => {
  it("is byte for byte as before after any code has run", async () => {
    const { memory, engineMemory, engine } = await engineOf();
    const before = copyOf(memory);
    const codes = [
      "function handler() {}",
      "globalThis.kept = new Uint8Array(2e6).fill(9); Object.prototype.leak = kept; function handler() {}",
      "(function f(n) { return n === 0 ? 0 : 1 + f(n - 1); })(200); function handler() {}",
      "(function f() { f(); })();",
      "const a = []; for (;;) a.push('x'.repeat(1e5) + a.length);",
      "nope(",
    ];
    for (const code of codes) {
      engine.begin(1, "msg_1");
      engine.load(code);
      expect(copyOf(memory).subarray(0, before.byteLength).equals(before)).toBe(false);
      engineMemory.reset();
      const after = copyOf(memory);
      expect(after.subarray(0, before.byteLength).equals(before)).toBe(true);
      expect(after.subarray(before.byteLength).every((byte) => byte === 0)).toBe(true);
    }
  });

  it("can be given the changes of loaded code again", async () => {
    const { memory, engineMemory, engine } = await engineOf();
    engine.begin(1, "msg_1");
    engine.load("const kept = new Uint8Array(5e5).fill(9); function handler() { return kept; }");
    const changes = engineMemory.changes();
    const loaded = copyOf(memory);
    engineMemory.reset();
    engineMemory.apply(changes);
    expect(copyOf(memory).equals(loaded)).toBe(true);
    expect(changes.bytes).toBeLessThan(1e6);
  });
});

describe("an engine", () => {
  it("counts CPU time that was used before towards the limit", async () => {
    const { engine } = await engineOf();
    const code = "for (let i = 0; i < 1e5; i++); function handler() {}";
    engine.begin(1, "msg_1");
    expect(engine.load(code)).toHaveProperty("dispose");
    engine.begin(1, "msg_1", LIMITS.cpuMs);
    expect(engine.load(code)).toMatchObject({ reason: "timeout" });
  });
});
