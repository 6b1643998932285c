import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { expect, it } from "vitest";
import { aggregate, countersOf, readingsOf } from "./aggregate.ts";

/** The metrics of a thread, all with this value. */
async function threadWith(value: number) {
  const registers = [new Registry()];
  new Counter({ name: "attempts_total", help: "h", labelNames: ["outcome"], registers }).inc({ outcome: "ok" }, value);
  new Histogram({ name: "duration_seconds", help: "h", buckets: [5], registers }).observe(value);
  new Gauge({ name: "sockets", help: "h", registers }).set(value);
  new Gauge({ name: "lag_seconds", help: "h", aggregator: "max", registers }).set(value);
  new Gauge({ name: "database_up", help: "h", aggregator: "min", registers }).set(value);
  new Gauge({ name: "nodejs_eventloop_lag_seconds", help: "h", aggregator: "average", registers }).set(value);
  new Gauge({ name: "process_resident_memory_bytes", help: "h", registers }).set(value);
  new Gauge({ name: "process_start_time_seconds", help: "h", aggregator: "omit", registers }).set(value);
  return readingsOf(registers[0]!);
}

async function valuesOf(registry: Registry): Promise<readonly string[]> {
  return (await registry.metrics()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

it("adds up counts, shows the worst state, and reads metrics of the process once", async () => {
  const all = aggregate(await threadWith(2), [await threadWith(3), await threadWith(10)]);
  expect(await valuesOf(all)).toEqual([
    'attempts_total{outcome="ok"} 15',
    'duration_seconds_bucket{le="5"} 2',
    'duration_seconds_bucket{le="+Inf"} 3',
    "duration_seconds_sum 15",
    "duration_seconds_count 3",
    "sockets 15",
    "lag_seconds 10",
    "database_up 2",
    "nodejs_eventloop_lag_seconds 10",
    "process_resident_memory_bytes 2",
    "process_start_time_seconds 2",
  ]);
});

it("keeps only the totals of a thread that has ended", async () => {
  const ended = countersOf(await threadWith(7));
  expect(ended.map(({ name }) => name)).toEqual(["attempts_total", "duration_seconds"]);
  const values = await valuesOf(aggregate(await threadWith(2), [ended]));
  expect(values).toContain('attempts_total{outcome="ok"} 9');
  expect(values).toContain("duration_seconds_count 2");
  expect(values).toContain("sockets 2");
});
