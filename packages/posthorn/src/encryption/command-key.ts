/** Root keys that a program prints. */
import { spawn } from "node:child_process";
import { keyUnavailable } from "./errors.ts";

export interface KeyCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** Default: 30 seconds. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 30_000;
/** More than a key of 32 bytes in any encoding, with a line end. */
const MAX_OUTPUT = 1024;
const MAX_ERROR_TEXT = 300;

/**
 * Runs a program and returns what it printed. The program may take 30 seconds and print 1,024 bytes. Beyond that, it is killed together with
 * the processes that it started. The error contains its exit code and the beginning of its error output, but never its output.
 */
export function outputOf({ program, args, timeoutMs = TIMEOUT_MS }: KeyCommand): Promise<string> {
  return new Promise((resolve, reject) => {
    // In a separate process group, so that a shell script cannot leave a child behind that keeps the pipes open.
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
    const output: Buffer[] = [];
    let [bytes, errors] = [0, ""];
    const end = (problem: string | null): void => {
      clearTimeout(timer);
      if (child.pid !== undefined) killGroup(child.pid);
      child.stdout.destroy();
      child.stderr.destroy();
      if (problem === null) return resolve(Buffer.concat(output).toString("utf8"));
      const said = errors.trim() === "" ? "" : ` It wrote to standard error: ${errors.trim()}`;
      reject(keyUnavailable(`The command ${program} ${problem}.${said}`));
    };
    const timer = setTimeout(() => end(`did not end within ${timeoutMs / 1000} seconds`), timeoutMs);
    child.stdout.on("data", (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes > MAX_OUTPUT) end(`printed more than ${MAX_OUTPUT} bytes, so it does not print a key`);
      else output.push(chunk);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      errors = (errors + chunk.toString("utf8")).slice(0, MAX_ERROR_TEXT);
    });
    child.on("error", (error) => end(`cannot be started (${error.message})`));
    child.on("close", (code, signal) => {
      if (code === 0) end(null);
      else end(code === null ? `was ended by ${signal ?? "a signal"}` : `failed with exit code ${code}`);
    });
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // All of its processes have ended.
  }
}
