/** Counts syncs and writes of processes with strace, which slows them down: times measured meanwhile are meaningless. */
import { spawn } from "node:child_process";
import { once } from "node:events";

const ATTACH_MS = 300;

export interface Synced {
  /** How often a file was synchronized. */
  readonly syncs: number;
  /** Bytes written to SQLite's commit journal. */
  readonly journalBytes: number;
}

/** Runs `work` and returns what the processes synchronized and wrote meanwhile; `null` without strace. */
export async function countSyncs(pids: readonly number[], work: () => Promise<void>): Promise<Synced | null> {
  const attach = pids.flatMap((pid) => ["-p", String(pid)]);
  const calls = "trace=fsync,fdatasync,sync_file_range,pwrite64";
  // With paths of files, and without the bytes.
  const strace = spawn("strace", ["-f", "-qq", "-y", "-s", "0", "-e", calls, ...attach], {
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
  // A call that another thread interrupts has two lines; the second one says "resumed", and has no arguments.
  const lines = text.split("\n");
  const journaled = lines.map((line) => /\bpwrite64\(\d+<[^>]*\.journal>, .*, (\d+), \d+/.exec(line)?.[1] ?? "0");
  return {
    syncs: lines.filter((line) => /\b(fsync|fdatasync)\(/.test(line)).length,
    journalBytes: journaled.reduce((sum, bytes) => sum + Number(bytes), 0),
  };
}
