import { expect, it } from "vitest";
import { MachineLoadMeter, spareBetween } from "./load.ts";

/** Of a machine with four cores, after 1 s with this CPU time, in seconds. */
function spare({ own, idle }: { readonly own: number; readonly idle: number }, cores: number): number {
  const before = { at: 0, own: 0, idle: 0, total: 0 };
  return spareBetween(before, { at: 1000, own: own * 1000, idle: idle * 1000, total: 4000 }, cores);
}

it("counts cores as spare if no process uses them", () => {
  expect(spare({ own: 1.5, idle: 2.5 }, 4)).toBe(2.5);
  expect(spare({ own: 1.5, idle: 0.2 }, 4)).toBe(0.2);
});

it("counts no cores beyond the quota of the container", () => {
  expect(spare({ own: 1.5, idle: 2.5 }, 2)).toBe(0.5);
});

it("relies on the quota if the system reports no times of the machine, as in some sandboxes", () => {
  const before = { at: 0, own: 0, idle: 0, total: 0 };
  expect(spareBetween(before, { ...before, at: 1000, own: 1500 }, 4)).toBe(2.5);
});

it("measures the event loops of threads from their second reading on", () => {
  const meter = new MachineLoadMeter();
  const readings = [
    { idle: 5000, active: 1000, utilization: 1 / 6 },
    { idle: 5000, active: 6000, utilization: 6 / 11 },
  ];
  const thread = { performance: { eventLoopUtilization: () => readings.shift()! } };
  expect(meter.threads([thread])).toEqual({ busiest: 0, mean: 0 });
  const { busiest, mean } = meter.threads([thread]);
  expect(busiest).toBe(1);
  expect(mean).toBeGreaterThanOrEqual(0.5);
});

it("reports the spare cores from its second reading on", () => {
  const meter = new MachineLoadMeter();
  expect(meter.spareCores()).toBeNull();
  expect(meter.spareCores()).not.toBeNull();
});
