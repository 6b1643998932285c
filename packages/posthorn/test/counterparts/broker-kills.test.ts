import { expect, it } from "vitest";
import { isSkipped } from "@posthorn/testkit/counterparts";
import { BROKERS } from "./kills/broker-sinks.ts";
import { KillRun, KILLS, TIMEOUT_MS } from "./kills/run.ts";

it(
  `every broker has every accepted message although the server is killed ${KILLS} times, and brokers are killed and frozen in between`,
  { timeout: TIMEOUT_MS },
  async () => {
    await using stack = new AsyncDisposableStack();
    const wanted = Object.entries(BROKERS).filter(([name]) => !isSkipped(name));
    const counterparts = await Promise.all(wanted.map(([, open]) => open(stack)));
    const sinks = counterparts.flatMap((one) => one.sinks);
    await using run = await KillRun.start("broker kills");
    await run.addEndpoints(sinks);
    const { faults } = await run.kills(counterparts);
    const repeated = await run.arrived(sinks);
    run.report({ faults, repeated });
    expect(Object.keys(repeated)).toHaveLength(sinks.length);
  },
);
