import { beforeEach, describe, expect, it } from "vitest";
import { Sandbox } from "./sandbox.ts";
import type { RunFailure, RunResult, TransformRun } from "./types.ts";

const LIMITS = { cpuMs: 60, memoryBytes: 32 * 1024 * 1024, outputBytes: 100_000 };

let sandbox: Sandbox = await Sandbox.open(LIMITS);

beforeEach(async () => {
  // The pool replaces used-up sandboxes in the same way.
  if (sandbox.worn) sandbox = await Sandbox.open(LIMITS);
});

function runOf(
  code: string,
  payload: string | Uint8Array = '{"n":1}',
  changes: Partial<TransformRun> = {},
): TransformRun {
  return {
    code,
    variables: { key: "value" },
    webhook: {
      id: "msg_1",
      url: "https://example.com/hook",
      eventType: "invoice.paid",
      eventId: null,
      channels: ["eu"],
      tags: null,
      time: Date.UTC(2026, 0, 2),
    },
    payload: typeof payload === "string" ? Buffer.from(payload) : payload,
    contentType: "application/json",
    ...changes,
  };
}

const run = (body: string, payload?: string | Uint8Array, changes?: Partial<TransformRun>): RunResult =>
  sandbox.run(runOf(`function handler(webhook) { ${body} }`, payload, changes));

/** Evaluates an expression in the sandbox. */
function valueOf(expression: string): unknown {
  const result = run(`webhook.payload = { value: ${expression} }; return webhook;`);
  if (result.kind === "failed") throw new Error(result.message);
  return (JSON.parse(result.payload!.text) as { value: unknown }).value;
}

describe("a transformation", () => {
  it("receives the webhook and returns it", () => {
    expect(run("return webhook;")).toMatchObject({
      kind: "returned",
      method: "POST",
      url: "https://example.com/hook",
      cancel: false,
      headers: {},
      payload: null,
      logs: [],
    });
  });

  it("can change payload, method, URL and headers, or cancel the delivery", () => {
    const code = `
      webhook.payload.n += 1; webhook.method = "PUT"; webhook.url += "?a=1"; webhook.headers["X-A"] = "b";
      return webhook;`;
    expect(run(code)).toMatchObject({
      method: "PUT",
      url: "https://example.com/hook?a=1",
      headers: { "X-A": "b" },
      payload: { kind: "json", text: '{"n":2}' },
    });
    expect(run("return { ...webhook, cancel: true };")).toMatchObject({ kind: "returned", cancel: true });
    expect(run("return { payload: 'a=1' };")).toMatchObject({ method: "POST", payload: { kind: "text", text: "a=1" } });
  });

  it("sees type, id, channels, time and its variables", () => {
    expect(valueOf("[webhook.eventType, webhook.id, webhook.channels, webhook.variables.key, webhook.time]")).toEqual([
      "invoice.paid",
      "msg_1",
      ["eu"],
      "value",
      Date.UTC(2026, 0, 2),
    ]);
  });

  it("can be declared in any form, and can be async", () => {
    for (const code of [
      "const handler = (w) => w;",
      "globalThis.handler = function (w) { return w; };",
      "async function handler(w) { await null; await new Promise((r) => r()); return w; }",
      "let times = 0; const handler = (w) => { times++; w.payload = times; return w; };",
    ]) {
      expect(sandbox.run(runOf(code))).toMatchObject({ kind: "returned" });
    }
  });

  it("does not change the text of a payload that it only reads", () => {
    for (const payload of ['{ "n": 1.0, "id": 12345678901234567890, "n": 2 }', "[1 ]", '"a"', " null"]) {
      expect(run("JSON.stringify(webhook.payload); return webhook;", payload)).toMatchObject({ payload: null });
    }
  });

  it("receives a payload that is not JSON as text", () => {
    const xml = { contentType: "application/xml" };
    expect(run("return webhook;", "<a/>", xml)).toMatchObject({ payload: null });
    expect(run("webhook.payload = webhook.payload.replace('a', 'b'); return webhook;", "<a/>", xml)).toMatchObject({
      payload: { kind: "text", text: "<b/>" },
    });
    expect(run("webhook.payload = { was: webhook.payload }; return webhook;", "1", xml)).toMatchObject({
      payload: { kind: "json", text: '{"was":"1"}' },
    });
    expect(run("return webhook;", Buffer.from([0xff, 0xfe]), xml)).toMatchObject({ payload: null });
  });

  it("can log, up to a limit on lines and line length", () => {
    const result = run('console.log("a", { b: 1 }, 2, undefined); console.error(new Error("x")); return webhook;');
    expect(result.logs).toEqual(['a {"b":1} 2 undefined', "Error: x"]);
    const many = run("for (let i = 0; i < 1e4; i++) console.log('x'.repeat(1000)); return webhook;");
    expect(many.logs).toHaveLength(51);
    expect(many.logs[0]).toHaveLength(500);
  });

  it("sees the time of the message as the current time, and random numbers that are the same in each run", () => {
    expect(
      valueOf(
        "[Date.now(), new Date().toISOString(), new Date(5).getTime(), new (new Date().constructor)().getTime()]",
      ),
    ).toEqual([Date.UTC(2026, 0, 2), "2026-01-02T00:00:00.000Z", 5, Date.UTC(2026, 0, 2)]);
    const drawn = valueOf("[Math.random(), Math.random()]") as number[];
    expect(valueOf("[Math.random(), Math.random()]")).toEqual(drawn);
    expect(new Set(drawn).size).toBe(2);
    const facts = runOf("").webhook;
    const other = run("webhook.payload = Math.random(); return webhook;", "{}", { webhook: { ...facts, id: "msg_2" } });
    expect(other).not.toMatchObject({ payload: { text: String(drawn[0]) } });
  });
});

describe("a handler of batches", () => {
  const of = (body: string): RunResult => sandbox.run(runOf(`function handler({ events }) { ${body} }`));
  const sent = (text: string, kind: "json" | "text" = "json") => ({ kind: "returned", payload: { kind, text } });

  it("receives the event as a batch of one, with type and payload", () => {
    expect(of("return { config: {}, data: events };")).toMatchObject(
      sent('{"eventType":"invoice.paid","payload":{"n":1}}'),
    );
  });

  it("returns a document in each format, and headers", () => {
    const data = "data: events.map(({ payload }) => payload)";
    expect(of(`return { config: { format: "json" }, ${data} };`)).toMatchObject(sent('[{"n":1}]'));
    expect(of(`return { config: { format: "jsonl", key: "k" }, ${data} };`)).toMatchObject({
      payload: null,
      headers: {},
    });
    expect(of('return { config: { format: "raw", headers: { a: "b" } }, data: "x" };')).toMatchObject({
      ...sent("x", "text"),
      headers: { a: "b" },
    });
    expect(of('return { config: {}, data: [{ a: 1 }, "b"] };')).toMatchObject({
      ...sent('{"a":1}\nb', "text"),
      headers: { "content-type": "application/x-ndjson" },
    });
    expect(of("return { config: {}, data: { count: events.length } };")).toMatchObject(sent('{"count":1}'));
  });

  it("can change method, URL and headers", () => {
    const request = { method: "PUT", url: "https://example.com/v2", headers: { a: "b" } };
    const text = JSON.stringify(request);
    expect(of(`return { config: ${text}, data: [] };`)).toMatchObject(request);
    expect(of(`return { ...${text}, payloads: ["x"] };`)).toMatchObject({ ...request, ...sent("x", "text") });
  });

  it("can cancel, whatever else it returns", () => {
    expect(of('return { config: {}, data: ["x"], cancel: true };')).toMatchObject({ kind: "returned", cancel: true });
    expect(of('return { payloads: ["a", "b"], cancel: true };')).toMatchObject({ kind: "returned", cancel: true });
  });

  it("returns one message, or none, for queues", () => {
    expect(of("return { payloads: events.map((event) => event.eventType) };")).toMatchObject(
      sent("invoice.paid", "text"),
    );
    expect(of("return { messages: events.map(({ eventType }) => ({ payload: { eventType } })) };")).toMatchObject(
      sent('{"eventType":"invoice.paid"}'),
    );
    expect(of("return { payloads: [] };")).toMatchObject({ kind: "returned", cancel: true });
    expect(of('return { payloads: ["a", "b"] };')).toMatchObject({
      kind: "failed",
      message: expect.stringContaining("2 messages for one event") as string,
    });
  });

  it("fails if it returns neither, or an unknown format", () => {
    expect(of("return { config: {} };")).toMatchObject({ kind: "failed", reason: "returned_nothing" });
    expect(of('return { config: { format: "csv" }, data: [] };')).toMatchObject({ kind: "failed", reason: "threw" });
  });
});

describe("a handler of webhooks", () => {
  const payload = '{"data":[1],"payloads":[2],"messages":[{"payload":3}],"config":{}}';

  it("can cancel with the fields of a payload that looks like the result of a handler of batches", () => {
    for (const events of ["", "webhook.events;"]) {
      expect(run(`${events} return { ...webhook.payload, cancel: true };`, payload)).toMatchObject({
        kind: "returned",
        cancel: true,
      });
    }
  });

  it.each([
    "return webhook.payload;",
    "return { ...webhook.payload };",
    "console.log(webhook, { ...webhook }); return { ...webhook.payload };",
    "console.log(webhook.events); return webhook.payload;",
    "return webhook.events[0].payload;",
    "webhook.events; return { data: webhook.payload };",
    "return { config: {}, data: webhook.payload };",
    "const { events } = webhook; delete webhook.payload; return Object.assign(webhook, { payloads: [1] });",
  ])("fails if it returns no webhook: %s", (code) => {
    expect(run(code, payload)).toMatchObject({ kind: "failed", reason: "returned_nothing" });
  });

  it("can replace its events, and return other fields next to the payload", () => {
    const code = "webhook.events = [1]; return { ...webhook, data: webhook.events, payload: webhook.events };";
    expect(run(code)).toMatchObject({ payload: { kind: "json", text: "[1]" } });
  });
});

describe("checking code when it is saved", () => {
  it("accepts code that works", () => {
    expect(sandbox.check("function handler(webhook) { return webhook; }")).toBeNull();
  });

  it.each([
    ["function handler(", "SyntaxError"],
    ["function other() {}", "must declare a function"],
    ["export default () => 1", "SyntaxError"],
    ["handler = 5", "must declare a function"],
    ["nope(); function handler(w) { return w; }", "ReferenceError: 'nope' is not defined (line 1)"],
  ])("reports what is wrong with %j", (code, message) => {
    expect(sandbox.check(code)).toMatchObject({ reason: "syntax", message: expect.stringContaining(message) });
  });
});

describe("the sandbox", () => {
  it("keeps no state from one run to the next", () => {
    run("globalThis.secret = webhook.payload; Object.prototype.leak = 1; JSON.stringify = () => '1'; return webhook;");
    expect(valueOf("[typeof secret, typeof ({}).leak, JSON.stringify({})]")).toEqual(["undefined", "undefined", "{}"]);
  });

  it("gives no access to the process, modules, network, timers, threads or files", () => {
    const names =
      "process require module fetch XMLHttpRequest WebSocket setTimeout setInterval setImmediate queueMicrotask Worker WebAssembly Deno Bun std os print scriptArgs performance Atomics";
    expect(
      valueOf(
        `${JSON.stringify(names.split(" "))}.filter((name) => typeof globalThis[name] !== "undefined" && name !== "queueMicrotask")`,
      ),
    ).toEqual([]);
    expect(run("return this.constructor.constructor('return process')();")).toMatchObject({
      reason: "threw",
      message: expect.stringContaining("'process' is not defined"),
    });
    expect(run("return console.log.constructor('return process')();")).toMatchObject({ reason: "threw" });
    expect(run("return import('fs');").kind).toBe("failed");
  });

  it("is not affected by code that modifies the built-ins", () => {
    const code = `
      Array.prototype.toJSON = () => "x"; Object.prototype.toJSON = () => ({ a: 1 }); Promise.prototype.then = null;
      JSON.stringify = () => { throw 1 }; String = null; webhook.payload = { n: 2 }; return webhook;`;
    expect(() => run(code)).not.toThrow();
    expect(sandbox.run(runOf("function handler(w) { w.__proto__ = { cancel: true }; return w; }")).kind).toBe(
      "returned",
    );
    expect(({} as Record<string, unknown>)["cancel"]).toBeUndefined();
  });

  it.each<[string, string, RunFailure[]]>([
    ["an endless loop", "while (true);", ["timeout"]],
    ["a loop that catches everything", "for (;;) { try { for (;;); } catch {} }", ["timeout"]],
    ["a loop in a getter", "return { get payload() { while (true); } };", ["timeout"]],
    ["a loop in toJSON", "webhook.payload = { toJSON() { while (true); } }; return webhook;", ["timeout"]],
    [
      "a loop in toString of the method",
      "webhook.method = { toString() { while (true); } }; return webhook;",
      ["timeout"],
    ],
    ["a loop in a getter of a header", "webhook.headers = { get a() { while (true); } }; return webhook;", ["timeout"]],
    [
      "a loop in a proxy",
      "webhook.payload = new Proxy({}, { ownKeys() { while (true); } }); return webhook;",
      ["timeout"],
    ],
    ["a loop in what is thrown", "throw { get message() { while (true); } };", ["timeout"]],
    ["a loop in a promise", "return Promise.resolve().then(() => { while (true); });", ["timeout"]],
    ["promises without end", "const f = () => Promise.resolve().then(f); return f();", ["timeout", "memory"]],
    ["a promise that never settles", "return new Promise(() => {});", ["never_settled"]],
    [
      "an await of nothing",
      "return (async () => { await new Promise(() => {}); return webhook; })();",
      ["never_settled"],
    ],
    ["a rejected promise", "return Promise.reject(new Error('no'));", ["threw"]],
    ["backtracking", "return /^(a+)+$/.test('a'.repeat(50) + '!');", ["timeout"]],
    ["lists without end", "const a = []; for (;;) a.push(new Array(1000).fill(1));", ["memory", "threw", "timeout"]],
    ["texts without end", "let s = 'x'; for (;;) s += s;", ["memory", "threw"]],
    ["a huge text", "return 'x'.repeat(2 ** 30 - 2);", ["memory", "threw"]],
    ["a huge list", "return new Array(1e9).fill(0);", ["memory", "threw"]],
    ["a huge buffer", "return new Uint8Array(2 ** 31);", ["memory", "threw"]],
    ["a huge number", "return String(7n ** (10n ** 9n));", ["memory", "threw", "timeout"]],
    ["a payload that is too large", "webhook.payload = 'x'.repeat(200000); return webhook;", ["too_large"]],
    ["logs without end", "for (;;) console.log('x'.repeat(1000));", ["timeout", "memory"]],
    [
      "a log that logs itself",
      "const a = { toJSON() { console.log(a); } }; console.log(a);",
      ["threw", "crashed", "returned_nothing"],
    ],
    ["a URL that is too large", "webhook.url = '/' + 'x'.repeat(300000); return webhook;", ["too_large"]],
    [
      "headers without end",
      "for (let i = 0; i < 50000; i++) webhook.headers['h' + i] = 'x'; return webhook;",
      ["too_large"],
    ],
    ["an error that is huge", "throw new Error('x'.repeat(1e6));", ["threw"]],
    ["a then that never calls back", "return { then() {} };", ["never_settled"]],
    ["a then that calls itself", "const t = { then(done) { done(t); } }; return t;", ["timeout", "memory", "threw"]],
    ["a method that is not text", "webhook.method = Object.create(null); return webhook;", ["threw"]],
    ["a generator", "return (function* () { for (;;) yield 1; })();", ["returned_nothing"]],
    [
      "a spread without end",
      "return [...{ *[Symbol.iterator]() { for (;;) yield 1; } }];",
      ["timeout", "memory", "threw"],
    ],
    [
      "sorting without order",
      "const a = Array.from({ length: 1e6 }, (_, i) => i); for (;;) a.sort(() => Math.random() - 0.5);",
      ["timeout", "memory", "threw"],
    ],
    ["recursion", "(function f() { f(); })();", ["threw", "crashed"]],
    ["recursion through getters", "const o = { get a() { return this.a; } }; return o.a;", ["threw", "crashed"]],
    [
      "a nesting beyond the stack",
      "let o = {}; for (let i = 0; i < 1e5; i++) o = { o }; webhook.payload = o; return webhook;",
      ["threw", "crashed", "memory", "timeout"],
    ],
    ["nested text beyond the stack", "return JSON.parse('['.repeat(1e6));", ["threw", "crashed", "memory"]],
    ["nested code beyond the stack", "return eval('('.repeat(2e5));", ["threw", "crashed", "memory"]],
    ["a circle", "webhook.payload.self = webhook.payload; return webhook;", ["threw"]],
    ["a thrown null", "throw null;", ["threw"]],
    ["a thrown proxy", "throw new Proxy({}, { get() { throw 1; } });", ["threw", "crashed"]],
    ["a payload that JSON does not have", "webhook.payload = 1n; return webhook;", ["threw"]],
    ["nothing returned", "webhook.payload.n = 2;", ["returned_nothing"]],
    ["null returned", "return null;", ["returned_nothing"]],
    ["a text returned", "return 'x';", ["returned_nothing"]],
    ["a list returned", "return [webhook];", ["returned_nothing"]],
    ["an object without a payload", "return { text: 1 };", ["returned_nothing"]],
  ])("ends %s with a reason", (_what, body, reasons) => {
    const result = run(body);
    expect(result).toMatchObject({ kind: "failed", message: expect.stringMatching(/\S/) });
    expect(reasons).toContain((result as { reason: string }).reason);
  });

  it("reports the line in which the code threw", () => {
    expect(sandbox.run(runOf("function handler(webhook) {\n\n  return webhook.payload.a.b;\n}"))).toMatchObject({
      reason: "threw",
      message: expect.stringMatching(/^TypeError: .* \(line 3\)$/),
    });
  });

  it("still works after all of that", () => {
    expect(valueOf("1 + 1")).toBe(2);
  });
});
