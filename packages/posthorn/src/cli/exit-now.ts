/**
 * Ends the process at once. `process.exit` waits for the end of all threads, and so does not return while the system keeps one of them, for
 * instance in a read from a network drive that does not respond.
 */
import { existsSync } from "node:fs";
import { isSea } from "node:sea";

export function exitNow(code: number): never {
  replaceProcess(code);
  process.kill(process.pid, "SIGKILL");
  return process.abort();
}

/** A new program ends all threads, and has a code of its own. In a container, the first process gets no signals from itself. */
function replaceProcess(code: number): void {
  const { execPath, platform } = process;
  // Node may have been upgraded since the start. It aborts if the program does not exist.
  if (platform === "win32" || isSea() || !existsSync(execPath)) return;
  try {
    process.execve?.(execPath, [execPath, "--eval", `process.exit(${code})`], {});
  } catch {
    // Node was started with `--permission`, and may not run other programs.
  }
}
