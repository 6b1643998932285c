/** What befalls the nodes and their database: a plan that a seed repeats, whatever else happens. */
import type { Random } from "../random.ts";

export const NODES = 3;

/** Number of a node, or the database that all of them share. */
export type Target = number | "database";

const KINDS = ["kill", "freeze", "cut", "silence", "restart PostgreSQL", "kill PostgreSQL"] as const;
export type FaultKind = (typeof KINDS)[number];

export interface PlannedFault {
  readonly kind: FaultKind;
  readonly target: Target;
  /** How long nothing more is begun before it, by whoever makes it. */
  readonly calmMs: number;
  readonly lastsMs: number;
}

/** One that was made; Unix milliseconds. */
export interface Fault {
  readonly kind: FaultKind;
  readonly target: Target;
  readonly from: number;
  /** Infinity while it lasts. */
  readonly until: number;
}

const CALM_MS = 3000;
/** How long most faults last; a frozen node must be able to outlast its lease. */
const MIN_FAULT_MS = 500;
const FAULT_MS = 9000;

/** The next fault of a plan. As many numbers are drawn for each, so that the plan is the same however it is carried out. */
export function nextFault(random: Random): PlannedFault {
  const kind = KINDS[random.below(KINDS.length)]!;
  const node = random.below(NODES);
  const calmMs = random.below(CALM_MS);
  const lastsMs = MIN_FAULT_MS + random.below(FAULT_MS);
  return { kind, target: kind.endsWith("PostgreSQL") ? "database" : node, calmMs, lastsMs };
}

/** Whether the node, or the database, was in trouble at some time from one to the other. */
export function befell(faults: readonly Fault[], node: number, from: number, to: number): boolean {
  return faults.some(
    (fault) => (fault.target === node || fault.target === "database") && fault.from <= to && fault.until >= from,
  );
}

/** The greatest number of faults that lasted at one time. */
export function mostAtOnce(faults: readonly Fault[]): number {
  return Math.max(
    0,
    ...faults.map(({ from }) => faults.filter((other) => other.from <= from && other.until > from).length),
  );
}
