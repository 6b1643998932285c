/** Faults of the nodes and their database, as a plan that depends only on its seed. */
import type { Random } from "../random.ts";

export const NODES = 3;

/** Number of a node, or the database that all of them share. */
export type Target = number | "database";

const KINDS = [
  "kill",
  "freeze",
  "long freeze",
  "cut",
  "silence",
  "clock step",
  "restart PostgreSQL",
  "kill PostgreSQL",
  "lock PostgreSQL",
] as const;
export type FaultKind = (typeof KINDS)[number];

export interface PlannedFault {
  readonly kind: FaultKind;
  readonly target: Target;
  /** Time before the fault in which no other fault begins. */
  readonly calmMs: number;
  readonly lastsMs: number;
  /** For a clock step: the difference between the clock of the node and the right time afterwards. */
  readonly skewMs: number;
  /** For a lock: the statement with which another session takes it. */
  readonly lock: string;
}

/** A fault that was injected. Times in Unix milliseconds. */
export interface Fault {
  readonly kind: FaultKind;
  readonly target: Target;
  readonly from: number;
  /** Infinity while it lasts. */
  readonly until: number;
  /** For a clock step: as planned. */
  readonly skewMs?: number;
}

const CALM_MS = 3000;
/** Duration of most faults; a frozen node must be able to outlast its lease. */
const MIN_FAULT_MS = 500;
const FAULT_MS = 9000;
/** A node that is frozen for at least this long has lost its lease and all attempts in flight. */
const LONG_FREEZE_MS = 12_000;
/** A lock is held for this long, and up to six seconds more: every statement that waits for it times out. */
const LOCK_MS = 6000;
/** The longest delay until a node sees its clock step. */
export const STEP_SEEN_MS = 1500;
const MAX_SKEW_MS = 120_000;
/** Locks that a session outside Posthorn can hold: the lock of write transactions, and tables used for publishing and delivering. */
const LOCKS = [
  "SELECT pg_advisory_xact_lock(1886352244, 2)",
  "LOCK TABLE posthorn.endpoint IN ACCESS EXCLUSIVE MODE",
  "LOCK TABLE posthorn.delivery IN ACCESS EXCLUSIVE MODE",
  "LOCK TABLE posthorn.outbox IN ACCESS EXCLUSIVE MODE",
] as const;

/** The next fault of a plan. The same number of random values is drawn for each, so the plan does not depend on how it is carried out. */
export function nextFault(random: Random): PlannedFault {
  const kind = KINDS[random.below(KINDS.length)]!;
  const node = random.below(NODES);
  const calmMs = random.below(CALM_MS);
  const drawnMs = random.below(FAULT_MS);
  const skewMs = random.below(2 * MAX_SKEW_MS) - MAX_SKEW_MS;
  const lock = LOCKS[random.below(LOCKS.length)]!;
  const target = kind.endsWith("PostgreSQL") ? "database" : node;
  return { kind, target, calmMs, lastsMs: durationOf(kind, drawnMs), skewMs, lock };
}

function durationOf(kind: FaultKind, drawnMs: number): number {
  if (kind === "long freeze") return LONG_FREEZE_MS + 2 * drawnMs;
  if (kind === "lock PostgreSQL") return LOCK_MS + (drawnMs * 2) / 3;
  return MIN_FAULT_MS + drawnMs;
}

/** Whether the node, or the database, had a fault at some time between the two. */
export function hadFault(faults: readonly Fault[], node: number, from: number, to: number): boolean {
  return faults.some(
    (fault) => (fault.target === node || fault.target === "database") && fault.from <= to && fault.until >= from,
  );
}

/** The real time at which a node signed a request, given its own clock and that the request arrived at `at`. */
export function trueTime(faults: readonly Fault[], node: number, reported: number, at: number): number {
  const steps = faults.filter(({ kind, target, from }) => kind === "clock step" && target === node && from <= at);
  const skews = [0, ...steps.map(({ skewMs = 0 }) => skewMs)];
  // The last step with which the request was not signed after it arrived: another step may have happened in between.
  return skews.map((skew) => reported - skew).findLast((time) => time <= at + STEP_SEEN_MS) ?? reported;
}

/** The greatest number of simultaneous faults. */
export function maxConcurrentFaults(faults: readonly Fault[]): number {
  return Math.max(
    0,
    ...faults.map(({ from }) => faults.filter((other) => other.from <= from && other.until > from).length),
  );
}
