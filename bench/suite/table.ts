/** A result as a Markdown table. */
import { type Percentiles, type Round, type ScenarioResult, type Spread, spread } from "./results.ts";

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
  return p50 === null || p99 === null ? null : `${p50.median.toFixed(1)} / ${p99.median.toFixed(1)}`;
}

function thousands(number: number, digits: number): string {
  return number.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
