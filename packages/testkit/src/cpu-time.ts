/** CPU time of processes, as measured by Linux. */
import { readFileSync } from "node:fs";

/** Clock ticks of `/proc` in a second, the same on every Linux. */
const TICKS = 100;

/** CPU seconds of a process and its descendants that have exited. Throws if there is no such process, or no `/proc`. */
export function cpuOf(pid: string): { readonly own: number; readonly children: number } {
  // The name in parentheses may contain spaces. `utime` is the twelfth field after it.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
  const seconds = (index: number): number => Number(fields[index]) / TICKS;
  return { own: seconds(11) + seconds(12), children: seconds(13) + seconds(14) };
}
