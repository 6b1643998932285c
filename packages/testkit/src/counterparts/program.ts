/** A program that a test can start, kill, freeze and restart. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { Account } from "../system.ts";

export interface ProgramOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly account?: Account | null;
  /** Rejects until the program is ready. */
  readonly ready: () => Promise<unknown>;
}

const POLL_MS = 100;
/** The kernel stops all threads when the first of them is scheduled. */
const STOP_POLL_MS = 1;
const STOP_MS = 5000;
/** Part of every Linux distribution; absent elsewhere. */
const SETPRIV = "/usr/bin/setpriv";
const START_MS = 300_000;
/** Kept for the error message of a failed start. */
const OUTPUT_LENGTH = 4000;

export class TestProgram implements AsyncDisposable {
  readonly #options: ProgramOptions;
  #process: ChildProcess | null = null;
  #output = "";

  constructor(options: ProgramOptions) {
    this.#options = options;
    programs.add(this);
  }

  /** ID of its process group; `null` while it does not run. */
  get group(): number | null {
    return this.#process?.pid ?? null;
  }

  /** Starts it and waits until it is ready. */
  async start(): Promise<void> {
    const { name, command, args, env, cwd, account, ready } = this.#options;
    // A process group of its own, because some programs are scripts that start the server as a child.
    const child = spawn(...untilWeEnd(command, args), {
      ...account,
      cwd,
      detached: true,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = child;
    this.#output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString()).slice(-OUTPUT_LENGTH);
      });
    }
    child.on("error", (error) => {
      this.#output += error.message;
    });
    const deadline = Date.now() + START_MS;
    for (;;) {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
        throw new Error(`${name} exited during its start:\n${this.#output}`);
      }
      try {
        return void (await ready());
      } catch (error) {
        if (Date.now() >= deadline) {
          await this.kill();
          throw new Error(`${name} did not start:\n${this.#output}`, { cause: error });
        }
      }
      await delay(POLL_MS);
    }
  }

  /** Kills it and its children with SIGKILL, and waits until they have exited. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => void child.once("exit", resolve));
    signalGroup(child, "SIGKILL");
    await ended;
  }

  /** Stops it (SIGSTOP) without closing its connections: the system still accepts connections, but the program never responds. */
  freeze(): void {
    if (this.#process === null) return;
    signalGroup(this.#process, "SIGSTOP");
    waitUntilStopped(this.#process.pid!);
  }

  unfreeze(): void {
    if (this.#process !== null) signalGroup(this.#process, "SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    programs.delete(this);
    await this.kill();
  }

  /** Kills it without waiting. */
  killNow(): void {
    if (this.#process !== null) signalGroup(this.#process, "SIGKILL");
  }
}

/** Programs of this process. One listener for all of them, because Node.js warns about more than ten. */
const programs = new Set<TestProgram>();
process.once("exit", () => {
  for (const program of programs) program.killNow();
});

/** The system kills the program together with this process, even if this process is killed. */
function untilWeEnd(command: string, args: readonly string[]): [string, string[]] {
  return existsSync(SETPRIV) ? [SETPRIV, ["--pdeathsig", "KILL", command, ...args]] : [command, [...args]];
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-child.pid!, signal);
  } catch {
    // It has ended.
  }
}

/** Until then, a thread may still respond to a request. Returns at once on systems without `/proc`. */
function waitUntilStopped(group: number): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; waited < STOP_MS && isRunning(group); waited += STOP_POLL_MS)
    Atomics.wait(pause, 0, 0, STOP_POLL_MS);
}

/** Whether a thread of the group is neither stopped nor a zombie. */
function isRunning(group: number): boolean {
  if (!existsSync("/proc/self/stat")) return false;
  return readdirSync("/proc").some((pid) => {
    try {
      if (!/^\d+$/.test(pid) || statOf(`/proc/${pid}`)[2] !== String(group)) return false;
      const tasks = readdirSync(`/proc/${pid}/task`);
      return tasks.some((task) => /^[RSD]$/.test(statOf(`/proc/${pid}/task/${task}`)[0]!));
    } catch {
      // It has ended.
      return false;
    }
  });
}

/** Fields after the name: state, parent, group … */
function statOf(folder: string): readonly string[] {
  const stat = readFileSync(`${folder}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}
