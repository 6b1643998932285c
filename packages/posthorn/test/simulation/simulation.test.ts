import { readFileSync } from "node:fs";
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

/** The first seed that detects a sabotage, unless it is the first of all. */
const DETECTING_SEEDS = JSON.parse(readFileSync(new URL("detecting-seeds.json", import.meta.url), "utf8")) as Readonly<
  Record<string, number>
>;
const SEEDS = Array.from({ length: 440 }, (_, index) => index + 1);
/** Set by `npm run test:nightly`, which also simulates thousands of weeks with new seeds. */
const HAS_TIME = process.env["POSTHORN_TEST_ALL_SEEDS"] === "1";
/** Seeds in one run of the tests. They are always the same, so that a failure is caused by a change. */
const WEEKS = SEEDS.slice(0, HAS_TIME ? 200 : 100);
/** Seeds within which each sabotage must be detected. */
const SEEDS_TO_SHOW = 60;
/** Seeds of each scenario. */
const SCENARIO_SEEDS = SEEDS.slice(0, HAS_TIME ? 20 : 8);
/** Seeds in which nodes share a database. */
const SHARED_SEEDS = SEEDS.filter((seed) => isShared(spanOf(new Random(seed, "span"), new Random(seed, "crowd"))));

/**
 * The seeds in the order in which a sabotage is tried: first the one that is known to detect it, which saves nine tenths of the time. A
 * change can make another seed detect it, so the others follow.
 */
function seedsFor(sabotage: string, seeds: readonly number[]): readonly number[] {
  const known = DETECTING_SEEDS[sabotage];
  if (HAS_TIME || known === undefined) return seeds;
  return [known, ...seeds.filter((seed) => seed !== known)];
}

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
    it(`${breaks}: ${name}`, { timeout: 600_000 }, async () => {
      for (const seed of seedsFor(name, (shared ? SHARED_SEEDS : SEEDS).slice(0, SEEDS_TO_SHOW))) {
        const { violation } = await simulate(seed, { sabotage, scenario });
        if (violation === null) continue;
        expect([breaks, ...orShows]).toContain(violation.rule);
        if (violation.rule === breaks) return;
      }
      expect.fail(`not detected in ${SEEDS_TO_SHOW} weeks`);
    });
  }

  it("whose detecting seed is noted", () => {
    const names = new Set(SABOTAGES.map(({ name }) => name));
    expect(Object.keys(DETECTING_SEEDS).filter((name) => !names.has(name))).toEqual([]);
    expect(Object.values(DETECTING_SEEDS).every((seed) => SEEDS.includes(seed))).toBe(true);
  });

  it("for every rule at least once", () => {
    expect(new Set(SABOTAGES.map(({ breaks }) => breaks))).toEqual(new Set(Object.keys(RULES)));
  });
});
