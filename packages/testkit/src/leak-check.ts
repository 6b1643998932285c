/**
 * Vitest setup file: restores mocks after each test file, and fails a file that leaves something behind. Test files share processes, so a
 * server, thread, variable or listener that outlives its file can change the result of another one.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { setTimeout as delay } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { afterAll, vi } from "vitest";

/** Time for servers, child processes and threads that are closing to disappear. The test of this file shortens it. */
const CLOSING_MS = Number(process.env["POSTHORN_TEST_CLOSING_MS"] ?? 60_000);
const POLL_MS = 20;
/** Resources as `process.getActiveResourcesInfo` names them. Others come and go with open connections and timers. */
const OWNED = ["TCPServerWrap", "UDPWrap", "ProcessWrap", "FSEventWrap"];
/** Where `fetch` stores its global dispatcher. */
const DISPATCHER = Symbol.for("undici.globalDispatcher.1");
/** Vitest sets these while a file runs, and Zod keeps its registry in them from its first use. */
const HARMLESS_GLOBAL = /^__vitest|^VITEST|^__zod_/;
/** Libraries add listeners for the exit of the process on first use. */
const HARMLESS_LISTENERS = new Set(["exit"]);

// Creates the dispatcher, which Node otherwise creates on first use.
void globalThis.Request;

const threads = new Set<Worker>();
function noteThread(message: unknown): void {
  const { worker } = message as { worker: Worker };
  threads.add(worker);
  worker.once("exit", () => threads.delete(worker));
}
subscribe("worker_threads", noteThread);

const before = stateOf();

afterAll(async () => {
  unsubscribe("worker_threads", noteThread);
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
  const deadline = Date.now() + CLOSING_MS;
  let leaks = leaksSince();
  while (leaks.length > 0 && Date.now() < deadline) {
    await delay(POLL_MS);
    leaks = leaksSince();
  }
  if (leaks.length > 0) {
    throw new Error(`This file leaves something behind for the next file in the same process: ${leaks.join("; ")}.`);
  }
});

interface State {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  readonly globals: ReadonlySet<string>;
  readonly dispatcher: unknown;
  readonly listeners: ReadonlyMap<string, number>;
  readonly resources: ReadonlyMap<string, number>;
}

function stateOf(): State {
  const resources = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) resources.set(kind, (resources.get(kind) ?? 0) + 1);
  return {
    env: { ...process.env },
    folder: process.cwd(),
    globals: new Set(Object.getOwnPropertyNames(globalThis)),
    dispatcher: (globalThis as Record<symbol, unknown>)[DISPATCHER],
    listeners: new Map(process.eventNames().map((name) => [String(name), process.listenerCount(name)])),
    resources,
  };
}

function leaksSince(): readonly string[] {
  const now = stateOf();
  const changed = (name: string): boolean => now.env[name] !== before.env[name];
  const variables = Object.keys({ ...before.env, ...now.env }).filter(changed);
  const globals = [...now.globals].filter((name) => !before.globals.has(name) && !HARMLESS_GLOBAL.test(name));
  const listeners = [...now.listeners].filter(
    ([name, count]) => !HARMLESS_LISTENERS.has(name) && count > (before.listeners.get(name) ?? 0),
  );
  const resources = OWNED.filter((kind) => (now.resources.get(kind) ?? 0) > (before.resources.get(kind) ?? 0));
  return [
    ...variables.map((name) => `environment variable ${name}`),
    ...(now.folder === before.folder ? [] : [`working directory ${now.folder}`]),
    ...globals.map((name) => `global ${name}`),
    ...(now.dispatcher === before.dispatcher ? [] : ["a different dispatcher for fetch"]),
    ...listeners.map(([name]) => `listener of the process for "${name}"`),
    ...resources.map((kind) => `open ${kind}`),
    ...[...threads].map(({ threadId }) => `thread ${threadId}`),
  ];
}
