import { expect, it } from "vitest";
import { isSkipped } from "@posthorn/testkit/counterparts";
import { openBatches } from "./kills/cloud-sinks.ts";
import { KillRun, killsOr, timeoutFor } from "./kills/run.ts";

const KILLS = killsOr(3);

it.skipIf(isSkipped("moto"))(
  `batches lose no message although the server is killed ${KILLS} times and the service is frozen in between, and archives and FIFO queues have each message once`,
  { timeout: timeoutFor(KILLS) },
  async () => {
    await using stack = new AsyncDisposableStack();
    const moto = await openBatches(stack);
    await using run = await KillRun.start("batch kills");
    await run.addEndpoints(moto.sinks);
    const { faults } = await run.kill(KILLS, [moto]);
    const repeated = await run.arrived(moto.sinks);
    run.report({ faults, repeated });
    expect(repeated).toMatchObject({ s3: 0, sqs: 0 });
  },
);
