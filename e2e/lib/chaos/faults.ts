/** What befalls the nodes and their database: a plan that a seed repeats, whatever else happens. */
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
  /** How long before the fault no other fault begins. */
  readonly calmMs: number;
  readonly lastsMs: number;
  /** Of a clock step: how far the clock of the node is from the right time afterwards. */
  readonly skewMs: number;
  /** Of a lock: what another session has locked. */
  readonly lock: string;
}

/** One that was made; Unix milliseconds. */
export interface Fault {
  readonly kind: FaultKind;
  readonly target: Target;
  readonly from: number;
  /** Infinity while it lasts. */
  readonly until: number;
  /** Of a clock step: as planned. */
  readonly skewMs?: number;
}

const CALM_MS = 3000;
/** How long most faults last; a frozen node must be able to outlast its lease. */
const MIN_FAULT_MS = 500;
const FAULT_MS = 9000;
/** A node that stands still for so long, and longer, has lost its lease and everything that was under way. */
const LONG_FREEZE_MS = 12_000;
/** A lock is held for so long, and up to six seconds more: any statement that waits for it runs into its time-out. */
const LOCK_MS = 6000;
/** A node sees its clock step this much later at most. */
export const STEP_SEEN_MS = 1500;
const MOST_SKEW_MS = 120_000;
/** What a session outside Posthorn can hold: the lock of write transactions, and tables that publishing and delivering need. */
const LOCKS = [
  "SELECT pg_advisory_xact_lock(1886352244, 2)",
  "LOCK TABLE posthorn.endpoint IN ACCESS EXCLUSIVE MODE",
  "LOCK TABLE posthorn.delivery IN ACCESS EXCLUSIVE MODE",
  "LOCK TABLE posthorn.outbox IN ACCESS EXCLUSIVE MODE",
] as const;

/** The next fault of a plan. As many numbers are drawn for each, so that the plan is the same however it is carried out. */
export function nextFault(random: Random): PlannedFault {
  const kind = KINDS[random.below(KINDS.length)]!;
  const node = random.below(NODES);
  const calmMs = random.below(CALM_MS);
  const drawnMs = random.below(FAULT_MS);
  const skewMs = random.below(2 * MOST_SKEW_MS) - MOST_SKEW_MS;
  const lock = LOCKS[random.below(LOCKS.length)]!;
  const target = kind.endsWith("PostgreSQL") ? "database" : node;
  return { kind, target, calmMs, lastsMs: durationOf(kind, drawnMs), skewMs, lock };
}

function durationOf(kind: FaultKind, drawnMs: number): number {
  if (kind === "long freeze") return LONG_FREEZE_MS + 2 * drawnMs;
  if (kind === "lock PostgreSQL") return LOCK_MS + (drawnMs * 2) / 3;
  return MIN_FAULT_MS + drawnMs;
}

/** Whether the node, or the database, was in trouble at some time from one to the other. */
export function befell(faults: readonly Fault[], node: number, from: number, to: number): boolean {
  return faults.some(
    (fault) => (fault.target === node || fault.target === "database") && fault.from <= to && fault.until >= from,
  );
}

/** When a node signed a request by the right time, when its own clock said this and the request came at `at`. */
export function rightTime(faults: readonly Fault[], node: number, said: number, at: number): number {
  const steps = faults.filter(({ kind, target, from }) => kind === "clock step" && target === node && from <= at);
  const skews = [0, ...steps.map(({ skewMs = 0 }) => skewMs)];
  // The last one that does not put it after the request came; a step can have fallen in between.
  return skews.map((skew) => said - skew).findLast((time) => time <= at + STEP_SEEN_MS) ?? said;
}

/** The greatest number of faults that lasted at one time. */
export function mostAtOnce(faults: readonly Fault[]): number {
  return Math.max(
    0,
    ...faults.map(({ from }) => faults.filter((other) => other.from <= from && other.until > from).length),
  );
}
