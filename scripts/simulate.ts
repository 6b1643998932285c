/**
 * Simulates weeks of operation and prints the seeds that broke a rule.
 *
 *     npm run simulate                                     a thousand weeks
 *     npm run simulate -- --seeds 20000 --from 5000        20,000 weeks, starting with seed 5000
 *     npm run simulate -- --seed 42 --verbose              one week, step by step
 *     npm run simulate -- --threads --seeds 100            hours of a process with several threads
 *     npm run simulate -- --scenario frozen-node --seed 1  one seed of a scenario
 */
import { parseArgs } from "node:util";
import { replayCommand, runSeeds } from "../packages/posthorn/test/simulation/run-seeds.ts";
import { formatTime } from "../packages/posthorn/test/simulation/event-log.ts";
import type { SimulationResult } from "../packages/posthorn/test/simulation/result.ts";
import { SCENARIOS } from "../packages/posthorn/test/simulation/scenarios.ts";
import { simulate } from "../packages/posthorn/test/simulation/simulation.ts";
import { RULES } from "../packages/posthorn/test/simulation/verdict.ts";

const PROGRESS_EVERY = 100;

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    verbose: { type: "boolean", default: false },
    scenario: { type: "string" },
    threads: { type: "boolean", default: false },
  },
});

const { threads } = values;
const scenario = SCENARIOS.find(({ name }) => name === values.scenario);
if (values.scenario !== undefined && (scenario === undefined || values.seed === undefined)) {
  const names = SCENARIOS.map(({ name }) => name).join(", ");
  throw new Error(`--scenario requires --seed and one of these names: ${names}.`);
}

if (values.seed === undefined) await simulateMany(Number(values.from), Number(values.seeds));
else await simulateOne(Number(values.seed), values.verbose);

async function simulateOne(seed: number, verbose: boolean): Promise<void> {
  const result = await simulate(seed, { scenario, threads, ...(verbose ? { log: (line) => console.log(line) } : {}) });
  if (result.violation === null) console.log(`Seed ${seed} kept every promise: ${factsOf([result])}.`);
  else reportViolation(result);
}

async function simulateMany(from: number, count: number): Promise<void> {
  const seeds = Array.from({ length: count }, (_, index) => from + index);
  let done = 0;
  const results = await runSeeds(seeds, {
    threads,
    onResult: (result) => {
      done++;
      if (result.violation !== null) reportViolation(result);
      if (done % PROGRESS_EVERY === 0) console.log(`${done} of ${count} weeks`);
    },
  });
  const broken = results.filter(({ violation }) => violation !== null).length;
  console.log(`${count} weeks: ${factsOf(results)}; ${broken} seeds broke a rule.`);
}

function reportViolation({ seed, violation }: SimulationResult): void {
  const { rule, text, at } = violation!;
  console.log(`Seed ${seed} broke ${rule} after ${formatTime(at)}: ${text}.`);
  console.log(`  The rule: ${RULES[rule]}`);
  console.log(`  ${replayCommand({ seed, threads }, scenario)}`);
  process.exitCode = 1;
}

function factsOf(results: readonly SimulationResult[]): string {
  const sum = (count: (result: SimulationResult) => number): string =>
    results.reduce((total, result) => total + count(result), 0).toLocaleString("en-US");
  return [
    `${sum(({ messages }) => messages)} messages`,
    `${sum(({ deliveries }) => deliveries)} deliveries`,
    `${sum(({ requests }) => requests)} requests`,
    `${sum(({ processes }) => processes)} process starts`,
    `${sum(({ events }) => events)} steps`,
  ].join(", ");
}
