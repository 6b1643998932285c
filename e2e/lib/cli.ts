/** The command line as a child process, for commands that exit by themselves or are signalled step by step. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { COMPILE_CACHE, programArguments } from "@posthorn/testkit";

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Cli extends AsyncDisposable {
  readonly child: ChildProcess;
  /** Resolves when the process has ended. */
  readonly ended: Promise<Ended>;
  /** Resolves with the address once the server listens. */
  readonly url: Promise<string>;
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Runs `posthorn` with these arguments. It inherits only PATH and HOME from the environment of the tests. */
export function runCli(args: readonly string[], env: Readonly<Record<string, string>> = {}): Cli {
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(process.execPath, [...programArguments(), ...args], {
    cwd: ROOT,
    env: { PATH, HOME, ...COMPILE_CACHE, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  const { promise: url, resolve: listens } = Promise.withResolvers<string>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    const found = /"url":"(http:[^"]+)"/.exec(stdout)?.[1];
    if (found !== undefined) listens(found);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  // A test that times out does not dispose of its resources.
  const killAtExit = (): void => void child.kill("SIGKILL");
  process.once("exit", killAtExit);
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (code, signal) => {
      process.off("exit", killAtExit);
      resolve({ code, signal, stdout, stderr });
    });
  });
  return {
    child,
    ended,
    url,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
