/**
 * Ends the process at once. `process.exit` waits for the end of all threads, and so does not return while the system keeps one of them, for
 * instance in a read from a network drive that does not respond.
 */
import { isSea } from "node:sea";

export function exitNow(code: number): never {
  // A new program ends all threads, and has a code of its own. In a container, the first process gets no signals from itself.
  if (process.platform !== "win32" && !isSea())
    process.execve?.(process.execPath, [process.execPath, "--eval", `process.exit(${code})`], {});
  process.kill(process.pid, "SIGKILL");
  return process.abort();
}
