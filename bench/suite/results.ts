/** Results of the suite, in one file. A run replaces the scenarios that it measured. */
import { existsSync, readFileSync } from "node:fs";

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly node: string;
  readonly system: string;
  /** Milliseconds of an `fdatasync` of 4 KiB in the folder of the data. */
  readonly syncMs: { readonly p50: number; readonly p99: number };
}

/** Milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

/** One measurement of one subject. A figure is `null` where the scenario does not have it. */
export interface Round {
  readonly perSecond: number | null;
  /** CPU time of all processes of the subject, databases included, in microseconds per delivery. */
  readonly cpuMicros: number | null;
  readonly publishMs: Percentiles | null;
  /** From the time an event was due to be published until the receiver had it. */
  readonly receivedMs: Percentiles | null;
  /** Largest proportional set size of all processes of the subject. */
  readonly pssMib: number;
  /** Part of it that belongs to the processes of its database; absent: it has none, or an earlier version measured. */
  readonly databaseMib?: number;
  /** Share of a core used at rest, in percent. */
  readonly restPercent: number | null;
  /** Load of the machine before the round. */
  readonly load: number;
}

export interface ScenarioResult {
  readonly scenario: string;
  /** Commit that was measured. */
  readonly commit: string;
  /** RFC 3339. */
  readonly at: string;
  readonly machine: Machine;
  /** Seconds measured in each round. */
  readonly seconds: number;
  /** Rounds by name of the subject, in the order in which they took turns. */
  readonly subjects: Readonly<Record<string, readonly Round[]>>;
}

export type Results = readonly ScenarioResult[];

/** Path of the results that the documentation is generated from. */
export const RESULTS = new URL("../results.json", import.meta.url);

export function readResults(): Results {
  return existsSync(RESULTS) ? (JSON.parse(readFileSync(RESULTS, "utf8")) as Results) : [];
}

/** Replaces results of the same scenarios. Scenarios are in the order of `names`; unknown ones are removed. */
export function merged(earlier: Results, later: Results, names: readonly string[]): Results {
  const known = new Map([...earlier, ...later].map((result) => [result.scenario, result]));
  return names.flatMap((name) => known.get(name) ?? []);
}

/** Median, minimum and maximum of a figure over the rounds; `null` if a round does not have it. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly greatest: number;
}

export function spread(rounds: readonly Round[], figure: (round: Round) => number | null): Spread | null {
  const found = rounds.map(figure);
  const numbers = found.filter((number) => number !== null).toSorted((a, b) => a - b);
  if (numbers.length === 0 || numbers.length < found.length) return null;
  const middle = Math.floor(numbers.length / 2);
  const median = numbers.length % 2 === 1 ? numbers[middle]! : (numbers[middle - 1]! + numbers[middle]!) / 2;
  return { median, least: numbers[0]!, greatest: numbers.at(-1)! };
}
