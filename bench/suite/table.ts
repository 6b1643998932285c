/** A result as a Markdown table. */
import { type Percentiles, type Round, type ScenarioResult, type Spread, spread } from "./results.ts";
import { OTHER_BUILDS, type SubjectName } from "./scenarios.ts";

/** The system that the others are compared with. */
export const BASELINE = "bare forwarder";

interface Column {
  readonly head: string;
  /** `null`: the result does not have the figure. */
  readonly cell: (rounds: readonly Round[], result: ScenarioResult) => string | null;
}

const COLUMNS: readonly Column[] = [
  { head: "events/s", cell: (rounds) => median(rounds, ({ perSecond }) => perSecond, 0) },
  { head: "CPU µs / delivery", cell: (rounds) => withRange(spread(rounds, ({ cpuMicros }) => cpuMicros)) },
  { head: "CPU, forwarder = 1", cell: (rounds, result) => comparedWithForwarder(rounds, result) },
  { head: "publish p50 / p99 ms", cell: (rounds) => pair(rounds, ({ publishMs }) => publishMs) },
  { head: "received p50 / p99 ms", cell: (rounds) => pair(rounds, ({ receivedMs }) => receivedMs) },
  { head: "CPU at rest %", cell: (rounds) => median(rounds, ({ restPercent }) => restPercent, 2) },
  { head: "MiB", cell: (rounds) => median(rounds, ({ pssMib }) => pssMib, 0) },
  { head: "of which database", cell: (rounds) => median(rounds, ({ databaseMib }) => databaseMib ?? null, 0) },
];

/** Only the columns that the scenario has. Figures are medians, with minimum and maximum in parentheses. */
export function tableOf(result: ScenarioResult): string {
  const subjects = Object.entries(result.subjects);
  const columns = COLUMNS.map(({ head, cell }) => ({
    head,
    cells: subjects.map(([, rounds]) => cell(rounds, result)),
  }));
  const shown = columns.filter(({ cells }) => cells.some((text) => text !== null));
  const rows = subjects.map(([name], index) => [name, ...shown.map(({ cells }) => cells[index] ?? "")]);
  return [["", ...shown.map(({ head }) => head)], ["---", ...shown.map(() => "---:")], ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

/** Sentences that compare each system with its other build, round by round, so that both ran under the same conditions. */
export function pairsOf({ subjects }: ScenarioResult): readonly string[] {
  return (Object.keys(subjects) as SubjectName[]).flatMap((name) => {
    const other = OTHER_BUILDS[name];
    if (other === undefined) return [];
    const [rounds, others] = [subjects[name]!, subjects[other] ?? []];
    // After a failed round, rounds of the same index are no longer pairs.
    if (rounds.length !== others.length) return [];
    const ratios = rounds.map((round, index) => ({
      ...round,
      cpuMicros: ratio(round.cpuMicros, others[index]!.cpuMicros),
    }));
    const found = spread(ratios, ({ cpuMicros }) => cpuMicros);
    if (found === null) return [];
    const [middle, least, greatest] = [found.median, found.least, found.greatest].map((number) => number.toFixed(2));
    return [`${name}: ${middle} of the CPU time of the other build (${ratios.length} pairs, ${least} to ${greatest})`];
  });
}

function ratio(one: number | null, other: number | null): number | null {
  return one === null || other === null || other === 0 ? null : one / other;
}

function median(rounds: readonly Round[], figure: (round: Round) => number | null, digits: number): string | null {
  const found = spread(rounds, figure);
  return found === null ? null : thousands(found.median, digits);
}

function withRange(found: Spread | null): string | null {
  if (found === null) return null;
  const [least, greatest] = [thousands(found.least, 0), thousands(found.greatest, 0)];
  return `${thousands(found.median, 0)} (${least}–${greatest})`;
}

function comparedWithForwarder(rounds: readonly Round[], { subjects }: ScenarioResult): string | null {
  const of = (some: readonly Round[]): number | undefined => spread(some, ({ cpuMicros }) => cpuMicros)?.median;
  const baseline = of(subjects[BASELINE] ?? []);
  const own = of(rounds);
  return baseline === undefined || own === undefined ? null : (own / baseline).toFixed(2);
}

function pair(rounds: readonly Round[], figure: (round: Round) => Percentiles | null): string | null {
  const p50 = spread(rounds, (round) => figure(round)?.p50 ?? null);
  const p99 = spread(rounds, (round) => figure(round)?.p99 ?? null);
  // Timers can end early, so an event can be published a fraction of a millisecond before it is due.
  const text = ({ median: ms }: Spread): string => Math.max(0, ms).toFixed(1);
  return p50 === null || p99 === null ? null : `${text(p50)} / ${text(p99)}`;
}

function thousands(number: number, digits: number): string {
  return number.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
