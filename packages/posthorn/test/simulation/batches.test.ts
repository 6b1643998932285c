import { describe, expect, it } from "vitest";
import { type BatchSimulation, simulateBatches } from "./batches.ts";

const SEEDS = 8;

type Sabotage = NonNullable<BatchSimulation["sabotage"]>;
type Batches = NonNullable<Sabotage["batches"]>;
type Results = NonNullable<Sabotage["results"]>;

async function brokenIn(seeds: number, options: BatchSimulation): Promise<readonly string[]> {
  const broken: string[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const verdict = await simulateBatches(seed, options);
    broken.push(...verdict.broken.map((rule) => `seed ${seed}: ${rule}`));
  }
  return broken;
}

describe("batches in simulated hours with killed processes and lost responses", () => {
  it("lose no message, and store each one once if the target recognises a batch", { timeout: 300_000 }, async () => {
    expect(await brokenIn(SEEDS, { isOrdered: false })).toEqual([]);
  });

  it("lose no message, and keep the order of every key if failures block it", { timeout: 300_000 }, async () => {
    expect(await brokenIn(SEEDS, { isOrdered: true })).toEqual([]);
  });

  it("really occur: messages share requests, and processes are killed", async () => {
    const { messages, shared, kills, killsWhileStoring } = await simulateBatches(1, { isOrdered: false });
    expect(kills).toBeGreaterThan(5);
    expect(killsWhileStoring).toBeGreaterThan(0);
    expect(messages).toBeGreaterThan(100);
    expect(shared).toBeGreaterThan(20);
  });

  it("are the same for the same seed", async () => {
    const once = await simulateBatches(2, { isOrdered: true });
    expect(await simulateBatches(2, { isOrdered: true })).toEqual(once);
  });

  it("detect a sender that loses the list of a batch's messages when it is killed", async () => {
    const batches: Batches = (kept) => ({ ...kept, list: () => Promise.resolve([]) });
    const broken = await brokenIn(1, { isOrdered: false, sabotage: { batches } });
    expect(broken.join("\n")).toContain("a message is stored twice");
  });

  it("detect a sender that does not wait until a batch is on disk", async () => {
    const batches: Batches = (kept) => ({
      ...kept,
      keep: async (...batch) => void kept.keep(...batch),
    });
    const broken = await brokenIn(1, { isOrdered: false, sabotage: { batches } });
    expect(broken.join("\n")).toContain("a message is stored twice");
  });

  it("detect a sender that reports a batch as accepted although its request was lost", async () => {
    const results: Results = (all) =>
      all.map((result) => (result.kind === "made" ? { ...result, attempt: { ...result.attempt, status: 0 } } : result));
    const broken = await brokenIn(1, { isOrdered: false, sabotage: { results } });
    expect(broken.join("\n")).toContain("lost");
  });
});
