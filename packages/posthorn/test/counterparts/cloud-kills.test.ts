import { expect, it } from "vitest";
import { isSkipped } from "@posthorn/testkit/counterparts";
import { CLOUDS } from "./kills/cloud-sinks.ts";
import { KillRun, killsOr, timeoutFor } from "./kills/run.ts";

const KILLS = killsOr(3);
/** Only a few, because the stand-ins compare each message with all others. */
const MESSAGES_A_LIFE = 20;

it(
  `every cloud service has every accepted message although the server is killed ${KILLS} times, and services are frozen in between`,
  { timeout: timeoutFor(KILLS) },
  async () => {
    await using stack = new AsyncDisposableStack();
    const wanted = Object.entries(CLOUDS).filter(([name]) => !isSkipped(name));
    const counterparts = await Promise.all(wanted.map(([, open]) => open(stack)));
    const sinks = counterparts.flatMap((one) => one.sinks);
    const env = Object.assign({}, ...counterparts.map((one) => one.env ?? {})) as Record<string, string>;
    await using run = await KillRun.start("cloud kills", env, MESSAGES_A_LIFE);
    await run.addEndpoints(sinks);
    const { faults } = await run.kill(KILLS, counterparts);
    const repeated = await run.arrived(sinks);
    run.report({ faults, repeated });
    expect(Object.keys(repeated)).toHaveLength(sinks.length);
  },
);
