/**
 * Each rule is broken on purpose, and its check detects it. A separate file, so that it runs in parallel with the weeks without violations.
 */
import { readFileSync } from "node:fs";
import { isNightly } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { Random } from "./random.ts";
import { SABOTAGES } from "./sabotages.ts";
import { SEEDS } from "./seeds.ts";
import { simulate } from "./simulation.ts";
import { isShared, spanOf } from "./spans.ts";
import { RULES } from "./verdict.ts";

/** The first seed that detects a sabotage, unless it is the first of all. */
const DETECTING_SEEDS = JSON.parse(readFileSync(new URL("detecting-seeds.json", import.meta.url), "utf8")) as Readonly<
  Record<string, number>
>;
/** Seeds within which each sabotage must be detected. */
const SEEDS_TO_SHOW = 60;
/** Seeds in which nodes share a database. */
const SHARED_SEEDS = SEEDS.filter((seed) => isShared(spanOf(new Random(seed, "span"), new Random(seed, "crowd"))));

/**
 * The seeds in the order in which a sabotage is tried: first the one that is known to detect it, which saves nine tenths of the time. A
 * change can make another seed detect it, so the others follow.
 */
function seedsFor(sabotage: string, seeds: readonly number[]): readonly number[] {
  const known = DETECTING_SEEDS[sabotage];
  if (isNightly || known === undefined) return seeds;
  return [known, ...seeds.filter((seed) => seed !== known)];
}

describe("a sabotage is detected", () => {
  for (const { name, breaks, orShows = [], shared = false, threads = false, scenario, ...sabotage } of SABOTAGES) {
    it(`${breaks}: ${name}`, { timeout: 600_000 }, async () => {
      for (const seed of seedsFor(name, (shared ? SHARED_SEEDS : SEEDS).slice(0, SEEDS_TO_SHOW))) {
        const { violation } = await simulate(seed, { sabotage, scenario, threads });
        if (violation === null) continue;
        expect([breaks, ...orShows]).toContain(violation.rule);
        if (violation.rule === breaks) return;
      }
      expect.fail(`not detected in ${SEEDS_TO_SHOW} weeks`);
    });
  }

  it("that has a recorded seed", () => {
    const names = new Set(SABOTAGES.map(({ name }) => name));
    expect(Object.keys(DETECTING_SEEDS).filter((name) => !names.has(name))).toEqual([]);
    expect(Object.values(DETECTING_SEEDS).every((seed) => SEEDS.includes(seed))).toBe(true);
  });

  it("for every rule at least once", () => {
    expect(new Set(SABOTAGES.map(({ breaks }) => breaks))).toEqual(new Set(Object.keys(RULES)));
  });
});
