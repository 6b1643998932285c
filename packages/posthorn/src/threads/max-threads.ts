/** Maximum number of threads of a process that starts them on demand. */
import { availableParallelism, totalmem } from "node:os";
import type { Config } from "../config/config.ts";
import { SHARES_PORTS } from "../node/thread.ts";

/** Resources that a process has, within the limits of its container. */
export interface MachineShare {
  readonly cores: number;
  readonly memoryBytes: number;
  /** Whether several threads can accept requests. */
  readonly sharesPorts: boolean;
}

/** With SQLite, the writer thread is the bottleneck beyond this. */
const MAX_ON_SQLITE = 8;
/** Each thread has eight connections plus its share of those for queries, and PostgreSQL allows 100 by default. */
const MAX_ON_POSTGRES = 4;
/** Memory of the process for each thread: one under load needs half of it. */
const BYTES_PER_THREAD = 512 * 1024 * 1024;

export function maxThreads(database: Config["database"]["kind"], machine: MachineShare = machineShare()): number {
  const { cores, memoryBytes, sharesPorts } = machine;
  if (!sharesPorts) return 1;
  const max = database === "sqlite" ? MAX_ON_SQLITE : MAX_ON_POSTGRES;
  return Math.max(1, Math.min(max, cores, Math.floor(memoryBytes / BYTES_PER_THREAD)));
}

function machineShare(): MachineShare {
  const limit = process.constrainedMemory();
  // 0, or more than the machine has, means that there is no limit.
  const memoryBytes = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  // Respects the CPU quota of the container.
  return { cores: availableParallelism(), memoryBytes, sharesPorts: SHARES_PORTS };
}
