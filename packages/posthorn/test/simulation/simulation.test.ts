import { describe, expect, it } from "vitest";
import { replayCommand, runSeeds } from "./run-seeds.ts";
import { Random } from "./random.ts";
import { SABOTAGES } from "./sabotages.ts";
import { formatTime } from "./diary.ts";
import type { SimulationResult } from "./result.ts";
import { simulate } from "./simulation.ts";
import { isShared, spanOf } from "./spans.ts";
import { RULES } from "./verdict.ts";

/** Weeks in one run of the tests, the same each time: a change is to blame for what it breaks. New ones are looked for by `npm run simulate`. */
const SEEDS = Array.from({ length: 440 }, (_, index) => index + 1);
/** Seeds in which a rule that is broken on purpose must show. */
const SEEDS_TO_SHOW = 60;
/** Those in which nodes share a database. */
const SHARED_SEEDS = SEEDS.filter((seed) => isShared(spanOf(new Random(seed, "span"), new Random(seed, "crowd"))));

function report({ seed, violation }: SimulationResult): string {
  const { rule, text, at } = violation!;
  return `Seed ${seed}, ${formatTime(at)}: ${rule}: ${text}. ${replayCommand(seed)}`;
}

describe("a simulated week", () => {
  it("keeps every promise, whatever the seed", { timeout: 1_800_000 }, async () => {
    const results = await runSeeds(SEEDS);
    expect(results.filter(({ violation }) => violation !== null).map(report)).toEqual([]);
    const requests = results.reduce((sum, result) => sum + result.requests, 0);
    expect(requests).toBeGreaterThan(100 * results.length);
  });

  it("is the same each time", { timeout: 300_000 }, async () => {
    const seeds = SEEDS.slice(0, 4);
    const elsewhere = await runSeeds(seeds);
    for (const [index, seed] of seeds.entries()) {
      const result = await simulate(seed);
      expect(result).toEqual(elsewhere[index]);
      expect(result.requests).toBeGreaterThan(0);
    }
  });
});

describe("what is broken on purpose is seen", () => {
  for (const { name, breaks, orShows = [], shared = false, ...sabotage } of SABOTAGES) {
    it(`${breaks}: ${name}`, { timeout: 120_000 }, async () => {
      for (const seed of (shared ? SHARED_SEEDS : SEEDS).slice(0, SEEDS_TO_SHOW)) {
        const { violation } = await simulate(seed, { sabotage });
        if (violation === null) continue;
        expect([breaks, ...orShows]).toContain(violation.rule);
        if (violation.rule === breaks) return;
      }
      expect.fail(`${SEEDS_TO_SHOW} weeks went by and nobody saw it`);
    });
  }

  it("breaks every rule at least once", () => {
    expect(new Set(SABOTAGES.map(({ breaks }) => breaks))).toEqual(new Set(Object.keys(RULES)));
  });
});
