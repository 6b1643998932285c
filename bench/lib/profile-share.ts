/** How a server's threads spent their time during parts of its CPU profiles (`--cpu-prof`). */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A part of the time, in microseconds of the monotonic clock, as in profiles. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: CallFrame;
    readonly children?: readonly number[];
  }[];
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Microseconds per message. */
export interface FunctionShare {
  readonly name: string;
  /** Time in the function itself. */
  readonly own: number;
  /** Time including its callees. */
  readonly total: number;
}

export interface ThreadShare {
  readonly thread: string;
  /** Time in which the thread ran or waited for the disk. */
  readonly busy: number;
  /** The most expensive first. */
  readonly functions: readonly FunctionShare[];
}

const NOT_BUSY: ReadonlySet<string> = new Set(["(idle)", "(root)"]);
/** Files that only one kind of thread runs. */
const THREADS: readonly (readonly [file: string, thread: string])[] = [
  ["connector-thread.ts", "connector"],
  ["open-writer.ts", "database, writer"],
  ["reader.ts", "database, reader"],
];

/** The time now, on the clock of {@link Span}. */
export function monotonicMicros(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** Reads all profiles of a folder. Threads that were idle are left out. */
export function threadShares(folder: string, spans: readonly Span[], messages: number): readonly ThreadShare[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".cpuprofile"))
    .map((name) => shareOf(JSON.parse(readFileSync(join(folder, name), "utf8")) as Profile, spans, messages))
    .filter(({ busy }) => busy >= 0.1)
    .toSorted((one, other) => other.busy - one.busy);
}

function shareOf(
  { nodes, startTime, samples, timeDeltas }: Profile,
  spans: readonly Span[],
  messages: number,
): ThreadShare {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const own = new Map<string, number>();
  const total = new Map<string, number>();
  let at = startTime;
  let busy = 0;
  for (const [index, id] of samples.entries()) {
    const micros = timeDeltas[index]!;
    at += micros;
    if (NOT_BUSY.has(names.get(id)!) || !spans.some(({ from, to }) => at >= from && at < to)) continue;
    busy += micros;
    const seen = new Set<string>();
    for (let node: number | undefined = id; node !== undefined; node = parents.get(node)) seen.add(names.get(node)!);
    for (const name of seen) total.set(name, (total.get(name) ?? 0) + micros / messages);
    own.set(names.get(id)!, (own.get(names.get(id)!) ?? 0) + micros / messages);
  }
  const functions = [...total]
    .map(([name, micros]) => ({ name, own: own.get(name) ?? 0, total: micros }))
    .toSorted((one, other) => other.own - one.own || other.total - one.total);
  const files = new Set(nodes.map(({ callFrame: { url } }) => url.split("/").at(-1)!));
  const thread = THREADS.find(([file]) => files.has(file))?.[1] ?? "main";
  return { thread: files.has("main.ts") ? "main" : thread, busy: busy / messages, functions };
}

function nameOf({ functionName, url, lineNumber }: CallFrame): string {
  const file = url.split("/").at(-1)!;
  return `${functionName === "" ? "anonymous" : functionName}${file === "" ? "" : ` ${file}:${lineNumber + 1}`}`;
}
