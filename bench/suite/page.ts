/** The documentation page with the results, and its charts. */
import { type Bar, barChart } from "./chart.ts";
import { type Round, type ScenarioResult, type Spread, spread } from "./results.ts";
import { type Scenario, SCENARIOS } from "./scenarios.ts";
import { BASELINE, tableOf } from "./table.ts";

export interface Page {
  readonly text: string;
  /** SVG by name of the file. */
  readonly charts: ReadonlyMap<string, string>;
}

/** @param diagrams Path of the charts, relative to the page. */
export function pageOf(results: readonly ScenarioResult[], diagrams: string): Page {
  const charts = new Map<string, string>();
  const sections = SCENARIOS.flatMap((scenario) => {
    const result = results.find((one) => one.scenario === scenario.name);
    if (result === undefined) return [];
    const chart = chartOf(scenario, result);
    if (chart !== null) charts.set(fileOf(scenario), chart);
    return [sectionOf(scenario, result, chart === null ? null : `${diagrams}/${fileOf(scenario)}`)];
  });
  const shown = sections.length === 0 ? [NOTHING_YET] : sections;
  return { text: `${INTRODUCTION}\n${shown.join("\n")}\n${REPRODUCE}`, charts };
}

const INTRODUCTION = `# Performance

The cost of an event, measured by the benchmark suite in this repository. In each scenario, Posthorn and the systems compared with it take
turns, in rounds that begin with a new server and an empty database. One of them is a **bare forwarder**, which reads with \`node:http\`, sends
with undici, and stores and signs nothing: the minimum for a Node.js program. In two scenarios, the others are job queues that do the same job.

- **CPU time** is per delivery, for all processes of a system including its database, from the first event until the last one has arrived.
- **Publisher and receiver share the processors** with the system under test, which lowers events per second and raises latencies. CPU time
  depends less on this, but other programs evict data from the caches, and an event costs more when few are processed at a time.
- **Figures are medians** of the rounds. For CPU time, the lowest and the highest round follow in parentheses.
- **Latencies** are in milliseconds: until the response to a publish, and, at a fixed rate, from the time the event was due to be published
  until the receiver had it, so that a system that falls behind does not look faster.
- **Memory** is the largest proportional set size of all processes during the round.
- **Every guarantee holds**: each event is on disk before it is acknowledged (\`synchronous=FULL\`, \`synchronous_commit=on\`) and is signed, and
  its attempt is recorded with request and response.

Compare only figures in the same table. Tables from another day, or with another load on the machine, can differ by a third.
`;

const NOTHING_YET = `This version has no results from an idle machine yet. [bench/README.md](../bench/README.md#earlier-results) has results from November 2026,
before the suite.
`;

const REPRODUCE = `## Measure it yourself

\`\`\`sh skip=takes-minutes-and-uses-all-processors
npm ci
npm run bench                                  # the first six scenarios: about 20 minutes on two cores
npm run bench:full -- --rounds 3               # all of them: about 75 minutes, and 20 GB of disk for the stored attempts
npm run bench -- --only one-endpoint --rounds 1 --profile ./profiles
\`\`\`

PostgreSQL and Redis are started for the measurement, and installed from Debian's packages if they are missing. \`--json PATH\` writes every
round. [bench/README.md](../bench/README.md) describes more benchmarks, among them starts, memory, lists and search, growth and other
servers, and what was tried.
`;

function sectionOf(scenario: Scenario, result: ScenarioResult, chart: string | null): string {
  const picture = chart === null ? "" : `\n![${scenario.title}: the table below as bars](${chart})\n`;
  return `## ${scenario.title}\n\n${scenario.about}\n${picture}\n${tableOf(result)}\n\n${origin(result)}\n`;
}

function origin({ at, commit, machine, seconds, subjects }: ScenarioResult): string {
  const rounds = Object.values(subjects);
  const count = Math.max(...rounds.map(({ length }) => length));
  const loads = rounds.flat().map(({ load }) => load);
  const { processor, cores, memoryGib, node, syncMs } = machine;
  const disk = `\`fdatasync\` p50 ${syncMs.p50.toFixed(1)} ms, p99 ${syncMs.p99.toFixed(1)} ms`;
  return [
    `${at.slice(0, 10)}, commit ${commit}, ${count} ${count === 1 ? "round" : "rounds"} of ${seconds} s, load ${Math.min(...loads).toFixed(1)} to`,
    `${Math.max(...loads).toFixed(1)} before a round. ${processor}, ${cores} cores, ${memoryGib} GiB, Node ${node.slice(1)}, ${disk}.`,
  ].join(" ");
}

function fileOf({ name }: Scenario): string {
  return `performance-${name}.svg`;
}

/** Latency for scenarios with a fixed rate, otherwise CPU time; `null` if neither was measured, or only one system was. */
function chartOf({ title, load }: Scenario, { subjects }: ScenarioResult): string | null {
  const isLatency = load.kind === "rate" || load.kind === "share";
  const figure = (round: Round): number | null => (isLatency ? (round.receivedMs?.p99 ?? null) : round.cpuMicros);
  const bars = Object.entries(subjects).flatMap(([label, rounds]) => barOf(label, spread(rounds, figure)));
  if (bars.length < 2) return null;
  return isLatency
    ? barChart({ title: `${title}: event to receiver, 99th percentile`, unit: "ms", bars })
    : barChart({ title: `${title}: CPU time per delivery`, unit: "µs", bars });
}

function barOf(label: string, found: Spread | null): readonly Bar[] {
  if (found === null) return [];
  const { median: value, least, greatest } = found;
  return [{ label, value, range: [least, greatest], isOwn: label !== BASELINE && label.startsWith("Posthorn") }];
}
