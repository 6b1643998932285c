/**
 * Time and CPU time from starting the published server in an empty folder until it accepts requests, compared with `node -e 0` in the same
 * run. Prints the medians, and exits with 1 if the package takes longer than the goal on an idle machine.
 *
 *     npm run bench:start -- --rounds 9
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { parseArgs } from "node:util";

/** From an empty folder to the first accepted request. */
const GOAL_MS = 3000;
/** Load above which the figures are not meaningful, because other processes compete for the processor. */
const BUSY = 1.5;
const STAGED = resolve("packages/posthorn/dist/npm/bin/posthorn.cjs");
const EXECUTABLE = resolve(`dist/posthorn-linux-${process.arch}`);
const TICKS_PER_SECOND = 100;

const { values } = parseArgs({ options: { rounds: { type: "string", default: "9" } } });

interface Start {
  readonly ms: number;
  readonly cpuMs: number;
}

interface Side {
  readonly name: string;
  readonly run: () => Promise<Start>;
}

const sides: readonly Side[] = [
  { name: "node -e 0", run: startNode },
  { name: "package", run: () => startServer([process.execPath, STAGED]) },
  // Only the first start unpacks it.
  ...(existsSync(EXECUTABLE) ? [{ name: "executable", run: () => startServer([EXECUTABLE]) }] : []),
];
if (!existsSync(STAGED)) throw new Error("Run `npm run release` first: it stages the package that is measured.");

const home = mkdtempSync(join(tmpdir(), "posthorn-bench-home-"));
const starts = new Map<string, Start[]>(sides.map(({ name }) => [name, []]));
try {
  // Programs take turns, so that other load affects all of them. The first round warms the file system cache.
  for (let round = 0; round <= Number(values.rounds); round++) {
    for (const { name, run } of sides) {
      const start = await run();
      if (round > 0) starts.get(name)!.push(start);
    }
  }
} finally {
  rmSync(home, { recursive: true, force: true });
}

const bare = medians(starts.get("node -e 0")!);
for (const [name, all] of starts) {
  const { ms, cpuMs } = medians(all);
  const ratio = `${(ms / bare.ms).toFixed(1)} times node -e 0, CPU ${(cpuMs / bare.cpuMs).toFixed(1)} times`;
  console.log(`${name}: ready after ${ms.toFixed(0)} ms, CPU ${cpuMs.toFixed(0)} ms (${ratio})`);
}
const load = loadavg()[0]!;
const packageMs = medians(starts.get("package")!).ms;
if (load > BUSY)
  console.log(`The load is ${load.toFixed(1)}: trust the ratios only. The goal of ${GOAL_MS} ms is not checked.`);
else if (packageMs > GOAL_MS) process.exitCode = 1;

async function startNode(): Promise<Start> {
  const begin = performance.now();
  const child = spawn(process.execPath, ["-e", "process.stdout.write(JSON.stringify(process.cpuUsage()))"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const output = await textOf(child.stdout, /\}/);
  await once(child, "close");
  const { user, system } = JSON.parse(output) as { user: number; system: number };
  return { ms: performance.now() - begin, cpuMs: (user + system) / 1000 };
}

async function startServer([command, ...args]: readonly string[]): Promise<Start> {
  const cwd = mkdtempSync(join(tmpdir(), "posthorn-bench-start-"));
  const begin = performance.now();
  const child = spawn(command!, args, {
    cwd,
    env: { PATH: process.env["PATH"], HOME: home, POSTHORN_LISTEN: "127.0.0.1:0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const url = /http:\/\/[\d.:]+/.exec(await textOf(child.stdout, /Dashboard http\S+/))![0];
    const { status } = await fetch(`${url}/health`);
    const ms = performance.now() - begin;
    if (status !== 204) throw new Error(`The server is not healthy: HTTP ${status}.`);
    return { ms, cpuMs: cpuMsOf(child.pid!) };
  } finally {
    await stop(child);
    rmSync(cwd, { recursive: true, force: true });
  }
}

async function stop(child: ChildProcess): Promise<void> {
  const closed = once(child, "close");
  child.stdout!.resume();
  child.kill("SIGTERM");
  await closed;
}

/** CPU time of all threads of a process, from `/proc`: `utime` and `stime` are the 14th and 15th field. */
function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1000;
}

/** Reads until the output matches, and leaves the stream open. */
async function textOf(stream: Readable, end: RegExp): Promise<string> {
  let output = "";
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    output += String(chunk);
    if (end.test(output)) return output;
  }
  throw new Error(`The process exited early: ${output}`);
}

function medians(all: readonly Start[]): Start {
  const of = (pick: (start: Start) => number): number => all.map(pick).toSorted((a, b) => a - b)[all.length >> 1]!;
  return { ms: of(({ ms }) => ms), cpuMs: of(({ cpuMs }) => cpuMs) };
}
