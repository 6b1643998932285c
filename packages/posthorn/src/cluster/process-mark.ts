/** Identifies a process of this machine beyond its lifetime, so that a later process can prove that it has ended. */
import { readFileSync, readlinkSync } from "node:fs";

/** Fields of `/proc/…/stat`, counted behind the name of the process, which can contain anything. */
const STATE = 0;
const STARTED_AT = 19;

/** Mark of this process; `null`: this system cannot provide the proof (it is not Linux). */
export function ownMark(): string | null {
  try {
    return [machineMark(), process.pid, statOf(process.pid)[STARTED_AT]].join("/");
  } catch {
    return null;
  }
}

/**
 * Whether the process with this mark has ended. Only a process that sees the same process IDs can tell: it must run on
 * the same boot and, if applicable, in the same container. False if this cannot be proven.
 */
export function hasEnded(mark: string): boolean {
  const [machine, pid, startedAt] = mark.split("/");
  try {
    if (machine !== machineMark()) return false;
    if (!exists(Number(pid))) return true;
    const stat = statOf(Number(pid));
    // A zombie has closed its connections. If the start time differs, the ID now belongs to another process.
    return stat[STATE] === "Z" || stat[STARTED_AT] !== startedAt;
  } catch {
    return false;
  }
}

/** Unique among the namespaces of process IDs on all machines. */
function machineMark(): string {
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return `${boot}:${readlinkSync("/proc/self/ns/pid").replaceAll(/\D/g, "")}`;
}

function statOf(pid: number): readonly string[] {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

/** Also detects processes of other users, which a hardened `/proc` hides. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code !== "ESRCH";
  }
}
