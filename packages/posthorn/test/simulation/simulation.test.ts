import { isNightly } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { formatTime } from "./event-log.ts";
import type { SimulationResult } from "./result.ts";
import { replayCommand, runSeeds } from "./run-seeds.ts";
import { SCENARIOS } from "./scenarios.ts";
import { SEEDS } from "./seeds.ts";
import { simulate, type SimulationOptions } from "./simulation.ts";

/**
 * Seeds in one run of the tests. They are always the same, so that a failure is caused by a change; the nightly run has thousands of new
 * ones.
 */
const WEEKS = SEEDS.slice(0, isNightly ? 200 : 50);
/** Seeds of each scenario. */
const SCENARIO_SEEDS = SEEDS.slice(0, isNightly ? 20 : 4);

/** Seeds of a process with several threads: cheap ones in which all threads run. */
const THREAD_SEEDS = isNightly ? SEEDS.slice(0, 100) : [6, 16, 23, 25, 28];

function report({ seed, violation }: SimulationResult, { scenario, threads = false }: SimulationOptions): string {
  const { rule, text, at } = violation!;
  return `Seed ${seed}, ${formatTime(at)}: ${rule}: ${text}. ${replayCommand({ seed, threads }, scenario)}`;
}

function reportsOf(results: readonly SimulationResult[], options: SimulationOptions = {}): readonly string[] {
  return results.filter(({ violation }) => violation !== null).map((result) => report(result, options));
}

describe("a simulated week", () => {
  it("violates no rule with any seed", { timeout: 3_600_000 }, async () => {
    const results = await runSeeds(WEEKS);
    expect(reportsOf(results)).toEqual([]);
    const requests = results.reduce((sum, result) => sum + result.requests, 0);
    expect(requests).toBeGreaterThan(100 * results.length);
  });

  it("is the same in each run of a seed", { timeout: 300_000 }, async () => {
    const seeds = SEEDS.slice(0, isNightly ? 4 : 2);
    const elsewhere = await runSeeds(seeds);
    for (const [index, seed] of seeds.entries()) {
      const result = await simulate(seed);
      expect(result).toEqual(elsewhere[index]);
      expect(result.requests).toBeGreaterThan(0);
    }
  });
});

describe("a simulated process with several threads", () => {
  it(
    "violates no rule while threads start, crash and hang, and is the same in each run",
    { timeout: 600_000 },
    async () => {
      const threads = true;
      const results = await runSeeds(THREAD_SEEDS, { threads });
      expect(reportsOf(results, { threads })).toEqual([]);
      expect(results.filter(({ requests, processes, nodes }) => requests < 30 || processes <= nodes)).toEqual([]);
      expect(await simulate(THREAD_SEEDS[1]!, { threads })).toEqual(results[1]);
    },
  );
});

describe("a scenario", () => {
  for (const scenario of SCENARIOS) {
    it(`violates no rule: ${scenario.name}`, { timeout: 600_000 }, async () => {
      const results: SimulationResult[] = [];
      for (const seed of SCENARIO_SEEDS) results.push(await simulate(seed, { scenario }));
      expect(reportsOf(results, { scenario })).toEqual([]);
      expect(results.filter(({ requests }) => requests < 30)).toEqual([]);
    });
  }
});
