/** CPU time and wake-ups of each thread of a process (Linux). */
import { readdirSync, readFileSync } from "node:fs";

export interface ThreadUsage {
  readonly cpuMicros: number;
  /** Number of times that the thread slept and was woken. */
  readonly wakeUps: number;
}

/** By name; threads with the same name, such as those of V8, are summed. */
export type Usage = ReadonlyMap<string, ThreadUsage>;

/** @param pid Process id. @param roles Names for threads, by thread id. */
export function threadUsage(pid: number): Usage {
  const usage = new Map<string, ThreadUsage>();
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const folder = `/proc/${pid}/task/${task}`;
    try {
      const name = Number(task) === pid ? "main" : readFileSync(`${folder}/comm`, "utf8").trim();
      // Nanoseconds on a core; the clock ticks in `stat` are too coarse for a thread that is mostly idle.
      const cpuMicros = Number(readFileSync(`${folder}/schedstat`, "utf8").split(" ")[0]) / 1000;
      const wakeUps = Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(readFileSync(`${folder}/status`, "utf8"))![1]);
      const known = usage.get(name);
      usage.set(name, { cpuMicros: cpuMicros + (known?.cpuMicros ?? 0), wakeUps: wakeUps + (known?.wakeUps ?? 0) });
    } catch {
      // The thread has exited.
    }
  }
  return usage;
}

export function usageSince(before: Usage, after: Usage): Usage {
  return new Map(
    [...after].map(([name, { cpuMicros, wakeUps }]) => {
      const earlier = before.get(name);
      return [name, { cpuMicros: cpuMicros - (earlier?.cpuMicros ?? 0), wakeUps: wakeUps - (earlier?.wakeUps ?? 0) }];
    }),
  );
}
