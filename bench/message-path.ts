/**
 * Source files and functions that one message passes through on the main thread of the server (SQLite), in steady state: published
 * over HTTP, stored, queued, signed, sent, and its outcome recorded. The fewer there are, the easier the path is to follow.
 *
 *     npm run bench:path -- --functions --max-files 60
 *
 * Counts what was called for each of several messages, so background work does not count. `--tree` measures another working tree;
 * `--max-files` fails if more files are entered, as `npm run check:path` does.
 */
import { parseArgs } from "node:util";
import type { FunctionCalls } from "./lib/coverage.ts";
import { type MeasuredNode, startMeasuredNode } from "./lib/node-api.ts";
import { nextMessage, startModule, stop } from "./lib/processes.ts";

const { values } = parseArgs({
  options: {
    tree: { type: "string" },
    messages: { type: "string", default: "5" },
    "warm-up": { type: "string", default: "200" },
    functions: { type: "boolean", default: false },
    "max-files": { type: "string" },
  },
});

/** Time for everything that follows a delivery, such as the commit of its outcome. */
const SETTLE_MS = 400;

const receiver = startModule("receiver.ts");
const { port } = await nextMessage<{ port: number }>(receiver);
const files = await measure();
await stop(receiver);
report();

/** The functions that were called for each message, by source file. */
async function measure(): Promise<ReadonlyMap<string, readonly FunctionCalls[]>> {
  await using measured = await startMeasuredNode({}, { preload: "coverage.ts", tree: values.tree, source: true });
  await measured.call("POST", "app/bench/endpoint", { url: `http://127.0.0.1:${port}/` });
  for (let n = 0; n < Number(values["warm-up"]); n++) await publish(measured);
  let common: readonly FunctionCalls[] | null = null;
  for (let n = 0; n < Number(values.messages); n++) common = keepCommon(common, await callsOfMessage(measured));
  return Map.groupBy(common ?? [], ({ url }) => sourceOf(url));
}

async function callsOfMessage(measured: MeasuredNode): Promise<readonly FunctionCalls[]> {
  const { child } = measured.node;
  await pause();
  child.send("reset");
  await nextMessage(child);
  await publish(measured);
  await pause();
  child.send("take");
  return nextMessage<readonly FunctionCalls[]>(child);
}

async function publish({ call }: MeasuredNode): Promise<void> {
  const payload = { id: "evt_1", amount: 1250, note: "x".repeat(900) };
  await call("POST", "app/bench/msg?with_content=false", { eventType: "bench.event", payload });
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
}

/** Returns the functions in both lists, each with the lower number of calls. */
function keepCommon(kept: readonly FunctionCalls[] | null, more: readonly FunctionCalls[]): readonly FunctionCalls[] {
  if (kept === null) return more;
  const keyOf = ({ url, start, name }: FunctionCalls): string => `${url} ${start} ${name}`;
  const calls = new Map(more.map((entry) => [keyOf(entry), entry.calls]));
  return kept.flatMap((entry) => {
    const again = calls.get(keyOf(entry));
    return again === undefined ? [] : [{ ...entry, calls: Math.min(again, entry.calls) }];
  });
}

/** `posthorn/src/dispatch/lane.ts` for the URL of this module. */
function sourceOf(url: string): string {
  return url.replace(/^.*\/packages\//, "");
}

function report(): void {
  const functions = [...files.values()].flat();
  const calls = functions.reduce((sum, entry) => sum + entry.calls, 0);
  for (const [file, entries] of [...files].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    console.log(`${String(entries.length).padStart(4)}  ${file}`);
    if (values.functions) {
      for (const entry of entries)
        console.log(`        ${entry.calls} × ${entry.name === "" ? "(anonymous)" : entry.name}`);
    }
  }
  console.log(`\n${files.size} files, ${functions.length} functions, ${calls} calls for one message`);
  const most = values["max-files"];
  if (most === undefined || files.size <= Number(most)) return;
  console.error(`more than ${most} files: merge files that are used only on this path, or raise the limit`);
  process.exitCode = 1;
}
