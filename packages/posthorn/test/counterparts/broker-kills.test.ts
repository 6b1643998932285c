import { expect, it } from "vitest";
import { isSkipped } from "@posthorn/testkit/counterparts";
import { BROKERS } from "./kills/broker-sinks.ts";
import { KillRun, killsOr, timeoutFor } from "./kills/run.ts";

const KILLS = killsOr(4);

it(
  `every broker has every accepted message although the server is killed ${KILLS} times, and brokers are killed and frozen in between`,
  { timeout: timeoutFor(KILLS) },
  async () => {
    await using stack = new AsyncDisposableStack();
    const wanted = Object.entries(BROKERS).filter(([name]) => !isSkipped(name));
    const counterparts = await Promise.all(wanted.map(([, open]) => open(stack)));
    const sinks = counterparts.flatMap((one) => one.sinks);
    await using run = await KillRun.start("broker kills");
    await run.addEndpoints(sinks);
    const { faults } = await run.kill(KILLS, counterparts);
    const repeated = await run.arrived(sinks);
    run.report({ faults, repeated });
    expect(Object.keys(repeated)).toHaveLength(sinks.length);
  },
);
