import { expect, it } from "vitest";
import { isSkipped } from "@posthorn/testkit/counterparts";
import { READ_BROKERS } from "./kills/read-brokers.ts";
import { killsOr, timeoutFor } from "./kills/run.ts";
import { SourceKillRun } from "./kills/source-run.ts";

const KILLS = killsOr(6);

it(
  `every message of every broker is stored, once where it has an ID, although the server is killed ${KILLS} times, and the broker keeps none`,
  { timeout: timeoutFor(KILLS) },
  async () => {
    await using stack = new AsyncDisposableStack();
    const wanted = Object.entries(READ_BROKERS).filter(([name]) => !isSkipped(name));
    const brokers = (await Promise.all(wanted.map(([, open]) => open(stack)))).flat();
    await using run = await SourceKillRun.start("source kills", brokers);
    await run.kill(KILLS);
    expect(Object.keys(await run.stored())).toHaveLength(brokers.length);
  },
);
