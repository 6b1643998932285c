import { beforeEach, describe, expect, it } from "vitest";
import { Sandbox } from "./sandbox.ts";
import type { RunResult } from "./types.ts";

const LIMITS = { cpuMs: 60, memoryBytes: 32 * 1024 * 1024, outputBytes: 100_000 };

let sandbox: Sandbox = await Sandbox.open(LIMITS);

beforeEach(async () => {
  if (sandbox.worn) sandbox = await Sandbox.open(LIMITS);
});

function run(code: string, payload: unknown, id = "msg_1"): RunResult {
  const facts = { url: "https://example.com/", eventType: "a", eventId: null, channels: null, tags: null };
  return sandbox.run({
    code,
    variables: {},
    webhook: { ...facts, id, time: Number(id.slice(4)) },
    payload: Buffer.from(JSON.stringify(payload)),
    contentType: "application/json",
  });
}

function returned(result: RunResult): unknown {
  if (result.kind === "failed") throw new Error(result.message);
  return JSON.parse(result.payload!.text);
}

/** What a run could leave for the next: how, and how a later run would see it. Both may use the variables of `STATE`. */
const LEAKS: readonly (readonly [what: string, leave: string, see: string])[] = [
  ["variables", "count++; box.add();", "[count, box.get()]"],
  ["globals", "globalThis.leak = 1; (0, eval)('var other = 2');", "[typeof leak, typeof other]"],
  ["prototypes", "Object.prototype.leak = 1; Array.prototype.map = null;", "[typeof ({}).leak, typeof [].map]"],
  ["symbols", "globalThis[Symbol.for('leak')] = 1;", "typeof globalThis[Symbol.for('leak')]"],
  [
    "built-ins",
    "Date.now = JSON.parse = JSON.stringify = Math.random = Promise.prototype.then = () => 1; Reflect.construct = null;",
    "[Date.now(), typeof JSON.parse('{}'), Math.random()]",
  ],
  ["frozen built-ins", "Object.freeze(Object.prototype); Object.freeze(globalThis);", "Object.isFrozen(globalThis)"],
  ["pending jobs", "for (let i = 0; i < 9; i++) Promise.resolve().then(() => count++);", "count"],
  ["pending promises", "later.then(() => count++); settle();", "count"],
  ["async functions", "(async () => { for (;;) { await null; count++; } })();", "count"],
  ["generators", "generator.next(); generator.next();", "generator.next().value"],
  ["buffers", "bytes.fill(7);", "bytes.join()"],
  ["freed memory", "new Uint8Array(1e5).fill(7);", "new Uint8Array(1e5).some((byte) => byte !== 0)"],
  ["regular expressions", "pattern.test('aaa'); /(x)/.test('x');", "[pattern.lastIndex, String(RegExp.$1)]"],
  ["weak maps", "weak.set(box, 1);", "weak.has(box)"],
  [
    "finalizers",
    "new FinalizationRegistry(() => count++).register({}, 1); globalThis.ref = new WeakRef({});",
    "[count, typeof ref]",
  ],
  [
    "errors",
    "Error.stackTraceLimit = 0; Error.prepareStackTrace = () => 1;",
    "String(new Error('x').stack).length > 9",
  ],
  ["proxies", "Object.setPrototypeOf(globalThis, new Proxy({}, { get: () => 1 }));", "[globalThis.leak]"],
  ["clock and randomness", "Math.random(); Date.now();", "[Math.random(), Date.now(), new Date().getTime()]"],
];
const STATE = `
  let count = 0;
  const box = (() => { let value = 0; return { add: () => value++, get: () => value }; })();
  const generator = (function* () { let n = 0; for (;;) yield n++; })();
  const bytes = new Uint8Array(8);
  const pattern = /a/g;
  const weak = new WeakMap();
  let settle;
  const later = new Promise((done) => (settle = done));
`;
/** Ways in which a run can end after it left something. */
const ENDS = ["return w;", "throw new Error('no');", "for (;;);", "return new Promise(() => {});"];

describe("a run", () => {
  it.each(LEAKS)("finds nothing of earlier runs in %s", (_what, leave, see) => {
    const seeing = `(async () => { for (let i = 0; i < 9; i++) await null; w.payload = { seen: ${see} }; return w; })()`;
    const codeOf = (end: string) =>
      `${STATE} function handler(w) { if (!w.payload.leave) return ${seeing}; ${leave} ${end} }`;
    for (const end of ENDS) {
      const code = codeOf(end);
      const first = returned(run(code, {}));
      run(code, { leave: true });
      // The same code, as for the next message, and other code, as for another tenant.
      expect(returned(run(code, {}))).toEqual(first);
      run(code, { leave: true });
      expect(returned(run(`${code} // other`, {}))).toEqual(first);
    }
  });

  it("can log after another has deleted the console", () => {
    const code = `function handler(w) {
      if (w.payload.leave) { console = null; delete globalThis.console; } else console.log("here");
      return w;
    }`;
    for (const leave of [true, false, true, false]) {
      expect(run(code, { leave }).logs).toEqual(leave ? [] : ["here"]);
    }
  });

  it("has all memory for itself, whatever others have left in use", () => {
    const code = "function handler(w) { globalThis.kept = new Uint8Array(20e6).fill(1); return w; }";
    for (let n = 0; n < 10; n++) expect(run(code, {})).toMatchObject({ kind: "returned" });
  });

  it("keeps no logs, time or errors of another that failed", () => {
    expect(run("function handler() { console.log('x'); for (;;); }", {})).toMatchObject({ reason: "timeout" });
    expect(run("function handler(w) { return w; }", {})).toMatchObject({ kind: "returned", logs: [] });
  });
});

describe("loaded code", () => {
  const loadsOf = (work: () => void): number => {
    const before = sandbox.loads;
    work();
    return sandbox.loads - before;
  };

  it("is compiled once for many messages", () => {
    const code = "const suffix = '!'; function handler(w) { w.payload = w.payload + suffix; return w; } // once";
    const results: unknown[] = [];
    expect(loadsOf(() => results.push(...["a", "b", "c"].map((text) => run(code, text))))).toBe(1);
    expect(results).toMatchObject(["a!", "b!", "c!"].map((text) => ({ payload: { kind: "text", text } })));
  });

  it("is compiled again when it has changed, and while it fails", () => {
    expect(loadsOf(() => ["1", "2"].forEach((n) => run(`function handler(w) { return w; } // version ${n}`, {})))).toBe(
      2,
    );
    expect(loadsOf(() => [1, 2].forEach(() => run("function handler(", {})))).toBe(2);
  });

  it.each([
    ["the clock", "Date.now()"],
    ["the clock", "new Date().getTime()"],
    ["the clock", "Date()"],
    ["randomness", "Math.random()"],
  ])("is run for each message if it uses %s outside its handler: %s", (_what, expression) => {
    const code = `const first = ${expression}; function handler(w) { w.payload = [first, ${expression}]; return w; }`;
    const results: unknown[] = [];
    const ids = ["msg_1000", "msg_2000", "msg_1000"];
    expect(loadsOf(() => results.push(...ids.map((id) => returned(run(code, {}, id)))))).toBe(3);
    expect(results[2]).toEqual(results[0]);
    expect(results[1]).not.toEqual(results[0]);
  });

  it("logs for each message what it logs outside its handler", () => {
    const code = "console.log('loading'); function handler(w) { console.log('running'); return w; }";
    for (let n = 0; n < 3; n++) expect(run(code, {}).logs).toEqual(["loading", "running"]);
  });

  it("draws the same random numbers for a message, whether it was loaded before or not", () => {
    const code = "function handler(w) { w.payload = [Math.random(), Math.random(), Date.now()]; return w; } // draws";
    const [first, , again] = ["msg_1", "msg_2", "msg_1"].map((id) => returned(run(code, {}, id)));
    expect(again).toEqual(first);
  });

  it("gives way to other code when its memory is used up, and works as before", () => {
    const code = (n: number) =>
      `const list = new Array(5e4).fill(${n}); function handler(w) { w.payload = list[9]; return w; }`;
    const numbers = Array.from({ length: 30 }, (_, n) => n);
    for (let round = 0; round < 2; round++) {
      for (const n of numbers) expect(returned(run(code(n), {}))).toBe(n);
    }
    // The last one is still loaded, the first one is not.
    expect(loadsOf(() => run(code(29), {}))).toBe(0);
    expect(loadsOf(() => run(code(0), {}))).toBe(1);
  });

  it("is not kept when it needs much memory", () => {
    const code = "const large = new Uint8Array(4e6).fill(1); function handler(w) { w.payload = large[5]; return w; }";
    expect(loadsOf(() => [1, 2].forEach(() => expect(returned(run(code, {}))).toBe(1)))).toBe(2);
  });
});
