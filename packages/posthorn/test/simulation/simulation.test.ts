import { describe, expect, it } from "vitest";
import { replayCommand, runSeeds } from "./run-seeds.ts";
import { Random } from "./random.ts";
import { SABOTAGES } from "./sabotages.ts";
import { type Scenario, SCENARIOS } from "./scenarios.ts";
import { formatTime } from "./event-log.ts";
import type { SimulationResult } from "./result.ts";
import { simulate } from "./simulation.ts";
import { isShared, spanOf } from "./spans.ts";
import { RULES } from "./verdict.ts";

const SEEDS = Array.from({ length: 440 }, (_, index) => index + 1);
/** Seeds in one run of the tests. They are always the same, so that a failure is caused by a change. `npm run test:nightly` uses new ones. */
const WEEKS = SEEDS.slice(0, 200);
/** Seeds within which each sabotage must be detected. */
const SEEDS_TO_SHOW = 60;
/** Seeds of each scenario. */
const SCENARIO_SEEDS = SEEDS.slice(0, 20);
/** Seeds in which nodes share a database. */
const SHARED_SEEDS = SEEDS.filter((seed) => isShared(spanOf(new Random(seed, "span"), new Random(seed, "crowd"))));

function report({ seed, violation }: SimulationResult, scenario?: Scenario): string {
  const { rule, text, at } = violation!;
  return `Seed ${seed}, ${formatTime(at)}: ${rule}: ${text}. ${replayCommand(seed, scenario)}`;
}

function reportsOf(results: readonly SimulationResult[], scenario?: Scenario): readonly string[] {
  return results.filter(({ violation }) => violation !== null).map((result) => report(result, scenario));
}

describe("a simulated week", () => {
  it("violates no rule, whatever the seed", { timeout: 1_800_000 }, async () => {
    const results = await runSeeds(WEEKS);
    expect(reportsOf(results)).toEqual([]);
    const requests = results.reduce((sum, result) => sum + result.requests, 0);
    expect(requests).toBeGreaterThan(100 * results.length);
  });

  it("is the same in each run of a seed", { timeout: 300_000 }, async () => {
    const seeds = SEEDS.slice(0, 4);
    const elsewhere = await runSeeds(seeds);
    for (const [index, seed] of seeds.entries()) {
      const result = await simulate(seed);
      expect(result).toEqual(elsewhere[index]);
      expect(result.requests).toBeGreaterThan(0);
    }
  });
});

describe("a scenario", () => {
  for (const scenario of SCENARIOS) {
    it(`violates no rule: ${scenario.name}`, { timeout: 600_000 }, async () => {
      const results: SimulationResult[] = [];
      for (const seed of SCENARIO_SEEDS) results.push(await simulate(seed, { scenario }));
      expect(reportsOf(results, scenario)).toEqual([]);
      expect(results.filter(({ requests }) => requests < 30)).toEqual([]);
    });
  }
});

describe("a sabotage is detected", () => {
  for (const { name, breaks, orShows = [], shared = false, scenario, ...sabotage } of SABOTAGES) {
    it(`${breaks}: ${name}`, { timeout: 120_000 }, async () => {
      for (const seed of (shared ? SHARED_SEEDS : SEEDS).slice(0, SEEDS_TO_SHOW)) {
        const { violation } = await simulate(seed, { sabotage, scenario });
        if (violation === null) continue;
        expect([breaks, ...orShows]).toContain(violation.rule);
        if (violation.rule === breaks) return;
      }
      expect.fail(`not detected in ${SEEDS_TO_SHOW} weeks`);
    });
  }

  it("for every rule at least once", () => {
    expect(new Set(SABOTAGES.map(({ breaks }) => breaks))).toEqual(new Set(Object.keys(RULES)));
  });
});
