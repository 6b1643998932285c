/**
 * Runs the benchmark suite: systems take turns in each scenario, and the table has the medians. See README.md in the parent folder.
 *
 *     npm run bench                            # core, about 20 minutes
 *     npm run bench:full -- --rounds 3
 *     npm run bench -- --only one-endpoint --rounds 1 --profile profiles
 *     npm run bench -- --only one-endpoint --tree ../before
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import type { measureRound as MeasureRound } from "./measure.ts";
import { merged, readResults, RESULTS, type Round, type ScenarioResult, spread } from "./results.ts";
import { CAPACITY, OTHER_BUILDS, type Scenario, SCENARIOS, type SubjectName } from "./scenarios.ts";
import type { Subjects } from "./subjects.ts";
import { pairsOf, tableOf } from "./table.ts";

const HELP = `Usage: npm run bench -- [options]

  --full             all scenarios instead of the core
  --only A,B         these scenarios
  --subjects TEXT    only systems whose name contains this
  --rounds N         rounds for each system, which take turns (default 5)
  --seconds N        seconds measured in each round (default 6)
  --warm-up N        seconds of load before each round (default 6)
  --tree FOLDER      measures the build in another working tree too, in turn with
                     this one, and compares them by pairs of rounds
  --profile FOLDER   writes CPU profiles of Posthorn
  --json PATH        writes the results as JSON
  --save             replaces these scenarios in bench/results.json, from which
                     "npm run generate:docs" makes docs/performance.md; needs
                     committed changes, 3 rounds of 4 seconds and an idle machine
  --list             lists the scenarios`;

function options() {
  const { values } = parseArgs({
    options: {
      full: { type: "boolean", default: false },
      only: { type: "string" },
      subjects: { type: "string", default: "" },
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "6" },
      "warm-up": { type: "string", default: "6" },
      tree: { type: "string" },
      profile: { type: "string" },
      json: { type: "string" },
      save: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const count = (name: "rounds" | "seconds" | "warm-up"): number => {
    const number = Number(values[name]);
    if (Number.isInteger(number) && number > 0) return number;
    throw new Error(`--${name} must be a whole number of at least 1, not "${values[name]}"`);
  };
  return { ...values, rounds: count("rounds"), seconds: count("seconds"), warmUp: count("warm-up") };
}

type Options = ReturnType<typeof options>;

function chosen({ full, only, subjects: text, tree }: Options): readonly Scenario[] {
  const names = only?.split(",");
  const unknown = names?.find((name) => !SCENARIOS.some((scenario) => scenario.name === name));
  if (unknown !== undefined) throw new Error(`There is no scenario "${unknown}". --list shows them.`);
  const picked = SCENARIOS.filter(({ name, isCore }) => (names === undefined ? full || isCore : names.includes(name)));
  const scenarios = picked
    .map((scenario) => ({
      ...scenario,
      subjects: subjectsOf(scenario, tree !== undefined).filter((name) => name.includes(text)),
    }))
    .filter(({ subjects }) => subjects.length > 0);
  if (scenarios.length === 0) throw new Error(`No system of these scenarios has a name that contains "${text}".`);
  return scenarios;
}

function subjectsOf({ subjects }: Scenario, withOtherBuild: boolean): readonly SubjectName[] {
  if (!withOtherBuild) return subjects;
  return subjects.flatMap((name) => {
    const other = OTHER_BUILDS[name];
    return other === undefined ? [name] : [name, other];
  });
}

interface Run {
  readonly options: Options;
  readonly measureRound: typeof MeasureRound;
  readonly subjects: Subjects;
  readonly machine: ScenarioResult["machine"];
  readonly commit: string;
  readonly progress: Progress;
  /** Rounds with one endpoint, from which shares of the capacity follow. */
  readonly capacities: Map<SubjectName, Round[]>;
}

/** Returns `null` if no round completed. Failed rounds are reported, and the run ends with code 1. */
async function runScenario(run: Run, scenario: Scenario): Promise<ScenarioResult | null> {
  const { options: wanted, capacities, progress } = run;
  const rounds = new Map<SubjectName, Round[]>(scenario.subjects.map((name) => [name, []]));
  const at = new Date().toISOString();
  for (let round = 0; round < roundsOf(scenario, wanted); round++) {
    for (const name of scenario.subjects) {
      const capacity = spread(capacities.get(name) ?? [], ({ perSecond }) => perSecond)?.median ?? null;
      try {
        const measured = await run.measureRound({
          subjects: run.subjects,
          scenario,
          name,
          seconds: wanted.seconds,
          warmUp: wanted.warmUp,
          profile: wanted.profile ?? null,
          tree: wanted.tree ?? null,
          capacity,
        });
        rounds.get(name)!.push(measured);
        progress.ended(scenario, name, measured);
      } catch (error) {
        process.exitCode = 1;
        progress.failed(scenario, name, error);
      }
    }
  }
  if (scenario.name === CAPACITY) for (const [name, measured] of rounds) capacities.set(name, measured);
  const found = [...rounds].filter(([, measured]) => measured.length > 0);
  if (found.length === 0) return null;
  const { machine, commit } = run;
  const { name, subjects: _subjects } = scenario;
  return { scenario: name, commit, at, machine, seconds: wanted.seconds, subjects: Object.fromEntries(found) };
}

function roundsOf({ maxRounds }: Scenario, { rounds }: Options): number {
  return Math.min(rounds, maxRounds ?? rounds);
}

/** Prints one line for each round, with the estimated time left. */
class Progress {
  readonly #total: number;
  readonly #begun = performance.now();
  #done = 0;

  constructor(total: number) {
    this.#total = total;
  }

  ended(scenario: Scenario, name: SubjectName, { perSecond, cpuMicros, pssMib, load }: Round): void {
    const figures = [
      perSecond === null ? null : `${perSecond.toFixed(0)} events/s`,
      cpuMicros === null ? null : `${cpuMicros.toFixed(0)} µs`,
      `${pssMib.toFixed(0)} MiB`,
      `load ${load.toFixed(1)}`,
    ];
    this.#print(scenario, name, figures.filter((figure) => figure !== null).join(", "));
  }

  failed(scenario: Scenario, name: SubjectName, error: unknown): void {
    this.#print(scenario, name, `failed: ${error instanceof Error ? error.message : String(error)}`);
  }

  #print(scenario: Scenario, name: SubjectName, text: string): void {
    this.#done++;
    const elapsed = (performance.now() - this.#begun) / 60_000;
    const left = Math.ceil((elapsed / this.#done) * (this.#total - this.#done));
    console.error(`[${this.#done}/${this.#total}, ${left} min left] ${scenario.title}, ${name}: ${text}`);
  }
}

function commitOf(): string {
  const git = (...args: string[]): string => execFileSync("git", args, { encoding: "utf8" }).trim();
  return (
    git("rev-parse", "--short=8", "HEAD") + (git("status", "--porcelain", "--untracked-files=no") === "" ? "" : "+")
  );
}

const LEAST_SAVED = { rounds: 3, seconds: 4 } as const;

/** Published figures must come from a commit and must not be noise. */
function checkSavable({ rounds, seconds, subjects: text, tree }: Options, commit: string): void {
  const refuse = (why: string): never => {
    throw new Error(`--save is for figures that are published: ${why}`);
  };
  if (commit.endsWith("+")) refuse("commit your changes first.");
  if (tree !== undefined) refuse("leave out --tree.");
  if (text !== "") refuse("measure all systems of a scenario, so that they can be compared.");
  if (rounds < LEAST_SAVED.rounds || seconds < LEAST_SAVED.seconds)
    refuse(`use at least ${LEAST_SAVED.rounds} rounds of ${LEAST_SAVED.seconds} seconds.`);
  const [load, cores] = [loadavg()[0]!, cpus().length];
  if (load > cores) refuse(`the load of this machine is ${load.toFixed(1)} on ${cores} cores. Wait until it is idle.`);
}

function list(): string {
  return SCENARIOS.map(({ name, isCore, about }) => `${name.padEnd(16)} ${isCore ? "core" : "full"}  ${about}`).join(
    "\n",
  );
}

async function main(wanted: Options): Promise<void> {
  const scenarios = chosen(wanted);
  const commit = commitOf();
  if (wanted.save) checkSavable(wanted, commit);
  // Loaded here, so that a wrong option is reported at once.
  const [{ machineFacts, measureRound }, { Subjects: Started }] = await Promise.all([
    import("./measure.ts"),
    import("./subjects.ts"),
  ]);
  await using subjects = new Started();
  const rounds = scenarios.reduce((sum, one) => sum + roundsOf(one, wanted) * one.subjects.length, 0);
  const run: Run = {
    options: wanted,
    measureRound,
    subjects,
    machine: machineFacts(),
    commit,
    progress: new Progress(rounds),
    capacities: new Map(),
  };
  const results: ScenarioResult[] = [];
  for (const scenario of scenarios) {
    const result = await runScenario(run, scenario);
    if (result === null) continue;
    results.push(result);
    console.log(`\n${scenario.title}\n\n${tableOf(result)}`);
    for (const line of pairsOf(result)) console.log(`\n${line}`);
  }
  const text = (written: readonly ScenarioResult[]): string => `${JSON.stringify(written, null, 1)}\n`;
  if (wanted.json !== undefined) writeFileSync(wanted.json, text(results));
  if (wanted.save)
    writeFileSync(
      RESULTS,
      text(
        merged(
          readResults(),
          results,
          SCENARIOS.map(({ name }) => name),
        ),
      ),
    );
}

try {
  const wanted = options();
  if (wanted.help) console.log(HELP);
  else if (wanted.list) console.log(list());
  else await main(wanted);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
