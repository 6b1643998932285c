/** Child processes of a benchmark and their resource usage. */
import { type ChildProcess, execFileSync, fork, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const TICKS_PER_SECOND = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** Starts a module of this folder in its own process. @param env Added to the environment. */
export function startModule(
  name: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  return fork(new URL(name, import.meta.url), [...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
}

export interface StartedNode {
  readonly child: ChildProcess;
  readonly url: string;
}

export interface StartOptions {
  /** Folder in which the server writes CPU profiles when it exits. */
  readonly profile?: string | undefined;
  /** Module of this folder that runs in the server before it starts. The server then has an IPC channel. */
  readonly preload?: string | undefined;
  /** Whether to start the source instead of the built bundle. */
  readonly source?: boolean | undefined;
  /** Further flags for Node. */
  readonly nodeFlags?: readonly string[] | undefined;
  /** Working tree that is started. Default: this one. */
  readonly tree?: string | undefined;
}

/** Starts the server like `posthorn start`. */
export function startNode(env: Record<string, string>, options: StartOptions = {}): Promise<StartedNode> {
  const {
    profile,
    preload,
    nodeFlags = [],
    source = false,
    tree = fileURLToPath(new URL("../..", import.meta.url)),
  } = options;
  const main = join(tree, source ? "packages/posthorn/src/main.ts" : serverOf(tree));
  const flags = [...nodeFlags];
  if (source) flags.push("--conditions=@posthorn/source");
  if (profile !== undefined) flags.push("--cpu-prof", `--cpu-prof-dir=${profile}`);
  if (preload !== undefined) flags.push(`--import=${new URL(preload, import.meta.url)}`);
  const child = spawn(process.execPath, [...flags, main, "start"], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit", ...(preload === undefined ? [] : (["ipc"] as const))],
  });
  return new Promise((resolve, reject) => {
    let log = "";
    child.stdout!.on("data", (chunk: Buffer) => {
      log += chunk.toString();
      const url = /"url":"([^"]+)"/.exec(log)?.[1];
      if (url !== undefined) resolve({ child, url });
    });
    child.once("exit", (code) => reject(new Error(`the server exited with ${code}: ${log}`)));
  });
}

/** The program of a build. Earlier builds have no bundle. */
function serverOf(tree: string): string {
  const bundle = "packages/posthorn/dist/server/main.js";
  return existsSync(join(tree, bundle)) ? bundle : "packages/posthorn/dist/main.js";
}

/** The next message from a process. */
export function nextMessage<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`the process exited with ${code}`));
    child.once("exit", ended);
    child.once("message", (message) => {
      child.off("exit", ended);
      resolve(message as T);
    });
  });
}

/** CPU seconds (user and system) used by a process and all its threads (Linux). */
export function cpuSeconds(pid: number): number {
  const fields = statFields(pid);
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Fields of /proc/…/stat from the third one: the name before it can contain anything. */
function statFields(pid: number): readonly string[] {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

/** Like `cpuSeconds`, for a process and all processes it started, including those that have exited (Linux). */
export function treeCpuSeconds(pid: number): number {
  const [user, system, usersOfEnded, systemOfEnded] = statFields(pid).slice(11, 15).map(Number) as [
    number,
    number,
    number,
    number,
  ];
  const own = (user + system + usersOfEnded + systemOfEnded) / TICKS_PER_SECOND;
  return childrenOf(pid).reduce((sum, child) => sum + ifRunning(() => cpuSeconds(child)), own);
}

/**
 * Like `treeCpuSeconds`, but exact to the nanosecond, where ticks of 10 ms are too coarse. Does not include processes and threads that have
 * exited (Linux).
 */
export function treeCoreSeconds(pid: number): number {
  return [pid, ...childrenOf(pid)].reduce((sum, id) => sum + ifRunning(() => coreSeconds(id)), 0);
}

function coreSeconds(pid: number): number {
  let nanoseconds = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const path = `/proc/${pid}/task/${task}/schedstat`;
    nanoseconds += ifRunning(() => Number(readFileSync(path, "utf8").split(" ")[0]));
  }
  return nanoseconds / 1e9;
}

function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
}

/** 0 if the process has exited in the meantime. */
function ifRunning(read: () => number): number {
  try {
    return read();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return 0;
    throw error;
  }
}

/** Proportional set size in MiB of a process and all processes it started: pages that several processes map count in part (Linux). */
export function treePssMib(pid: number): number {
  return childrenOf(pid).reduce((sum, child) => sum + ifRunning(() => pssMib(child)), pssMib(pid));
}

function pssMib(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))![1]) / 1024;
}

/** Resident memory in MiB (Linux). */
export function residentMib(pid: number): number {
  const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) / 1024;
}

/** Load of the machine: average number of runnable processes over the last minute. */
export function loadAverage(): string {
  return loadavg()[0]!.toFixed(1);
}

export function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve();
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
  });
}
