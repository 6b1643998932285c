/** One process of the server: spawns it, waits until it is ready, and keeps its output and exit. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { COMPILE_CACHE } from "./compile-cache.ts";
import { builtProgramArguments } from "./server-program.ts";

export interface SpawnOptions {
  readonly npm: boolean;
  readonly dev: boolean;
  readonly env: Readonly<Record<string, string>>;
}

export interface RunningProcess {
  readonly url: string;
  readonly pid: number;
  output(): string;
  /** Its exit; `null` while it runs. */
  exit(): Exit | null;
  end(signal: NodeJS.Signals): Promise<Exit>;
  /** Output that a correct server does not write. */
  problems(): string[];
}

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const READY_MS = 180_000;
/** Above the default of POSTHORN_SHUTDOWN_TIMEOUT plus the time for open requests. */
const STOP_MS = 60_000;
const READY = /"url":"(http:[^"]+)"/;

export async function spawnServer(options: SpawnOptions): Promise<RunningProcess> {
  const child = spawn(...(await commandOf(options)), {
    cwd: ROOT,
    env: { ...plainEnvironment(), ...COMPILE_CACHE, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    // A separate process group, so that npm and its child processes can be killed together.
    detached: true,
  });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    errors += text;
  });
  let exit: Exit | null = null;
  const ended = new Promise<Exit>((resolve) => {
    child.once("close", (code, signal) => {
      exit = { code, signal };
      resolve(exit);
    });
  });
  const killAtExit = (): void => signalGroup(child, "SIGKILL");
  process.once("exit", killAtExit);
  child.once("close", () => process.off("exit", killAtExit));

  const url = await ready(child, () => output);
  return {
    url,
    pid: child.pid!,
    output: () => output,
    exit: () => exit,
    end: (signal) => end(child, ended, signal, () => output),
    problems: () => problemsIn(output, errors, options.npm),
  };
}

async function commandOf({ npm, dev }: SpawnOptions): Promise<[string, string[]]> {
  if (npm) return ["npm", ["start"]];
  return [process.execPath, [...(await builtProgramArguments()), "start", ...(dev ? ["--dev"] : [])]];
}

/** The environment without variables of the test runner and settings of the developer's shell. */
function plainEnvironment(): Record<string, string | undefined> {
  const foreign = /^(POSTHORN_|NODE_|VITEST|npm_)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

function ready(child: ChildProcess, output: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signalGroup(child, "SIGKILL");
      reject(new Error(`The server was not ready after ${READY_MS} ms:\n${output()}`));
    }, READY_MS);
    const look = (): void => {
      const url = READY.exec(output())?.[1];
      if (url === undefined) return;
      clearTimeout(timer);
      child.stdout!.off("data", look);
      resolve(url);
    };
    child.stdout!.on("data", look);
    child.once("error", reject);
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`The server exited before it was ready (code ${code}, signal ${signal}):\n${output()}`));
    });
  });
}

async function end(
  child: ChildProcess,
  ended: Promise<Exit>,
  signal: NodeJS.Signals,
  output: () => string,
): Promise<Exit> {
  signalGroup(child, signal);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    signalGroup(child, "SIGKILL");
  }, STOP_MS);
  const exit = await ended;
  clearTimeout(timer);
  if (late) throw new Error(`The server did not stop within ${STOP_MS} ms of ${signal}:\n${output()}`);
  return exit;
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // The process has already exited.
  }
}

const ERROR_LEVEL = 50;

/** Errors in the log, and all output on standard error, because the log is written to standard output. */
function problemsIn(output: string, errors: string, npm: boolean): string[] {
  const logged = output.split("\n").filter((line) => isErrorLine(line));
  const written = errors.trim() === "" || npm ? [] : [`standard error: ${errors.trim()}`];
  return [...logged, ...written];
}

function isErrorLine(line: string): boolean {
  if (!line.startsWith('{"level":')) return false;
  return Number(/^\{"level":(\d+)/.exec(line)?.[1]) >= ERROR_LEVEL;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}
