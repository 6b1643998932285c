/** Counts the fsync calls of processes with strace, which slows them down: times measured meanwhile mean nothing. */
import { spawn } from "node:child_process";
import { once } from "node:events";

const ATTACH_MS = 300;

/** Runs `work` and returns how often the processes synced a file meanwhile; `null` without strace. */
export async function countSyncs(pids: readonly number[], work: () => Promise<void>): Promise<number | null> {
  const attach = pids.flatMap((pid) => ["-p", String(pid)]);
  const strace = spawn("strace", ["-f", "-qq", "-e", "trace=fsync,fdatasync,sync_file_range", ...attach], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let text = "";
  strace.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const ended = once(strace, "close");
  const missing = await Promise.race([
    once(strace, "error").then(() => true),
    new Promise<false>((resolve) => setTimeout(resolve, ATTACH_MS, false)),
  ]);
  if (missing) return null;
  await work();
  strace.kill("SIGINT");
  await ended;
  // A call that another thread interrupts has two lines; the second one says "resumed".
  return text.split("\n").filter((line) => /\b(fsync|fdatasync)\(/.test(line)).length;
}
