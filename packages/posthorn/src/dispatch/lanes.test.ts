import { usedMemory } from "@posthorn/testkit";
import { expect, it } from "vitest";
import { lanePolicy } from "../../test/support/dispatch.ts";
import type { Engine } from "./engine.ts";
import { Lanes } from "./lanes.ts";

it("keeps the rate controls of idle endpoints, and releases those that it has dropped or reused", () => {
  const engine = { clock: { now: () => 0 } } as Engine;
  const lanes = new Lanes({ policy: lanePolicy }, () => 0, engine);
  const use = (endpointId: number): void => {
    const lane = lanes.getOrMake(endpointId);
    lanes.isReady(lane);
    lanes.drop(lane);
  };
  for (let id = 1; id <= 11_000; id++) use(id);
  const isKept = (id: number): boolean => lanes.controlOf(id) !== null;
  expect([isKept(1), isKept(2000), isKept(11_000)]).toEqual([false, true, true]);
  lanes.remove(() => true);
  const before = usedMemory();
  for (let round = 0; round < 100_000; round++) use(1);
  expect(usedMemory() - before).toBeLessThan(2 * 1024 * 1024);
});
