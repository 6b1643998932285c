import { eventually } from "@posthorn/testkit";
import { expect, it } from "vitest";
import { startReaders } from "./kills/feed-readers.ts";
import { KillRun, killsOr, timeoutFor } from "./kills/run.ts";

const KILLS = killsOr(3);

it(
  `readers of a feed get every accepted message although they crash and the server is killed ${KILLS} times`,
  { timeout: timeoutFor(KILLS) },
  async () => {
    await using run = await KillRun.start("feed kills");
    const { id } = await run.call("POST", `/app/${run.app}/endpoint`, { kind: "polling" });
    const readers = startReaders(run, id as string);
    await using stack = new AsyncDisposableStack();
    for (const reader of readers.all) stack.defer(() => reader.stop());
    await run.kill(KILLS);

    const repeated: Record<string, number> = {};
    for (const { name, isExactlyOnce, read } of readers.all) {
      await eventually(
        () => {
          const distinct = new Set(read);
          const missing = [...run.accepted].filter((one) => !distinct.has(one));
          expect(missing, `the ${name} lacks ${missing.length} of ${run.accepted.size}`).toEqual([]);
        },
        { timeoutMs: 120_000 },
      );
      repeated[name] = read.length - new Set(read).size;
      expect(isExactlyOnce ? repeated[name] : 0, `the ${name} read messages twice`).toBe(0);
    }
    await stack.disposeAsync();
    const [first, ...others] = readers.all.filter(({ isOrdered }) => isOrdered);
    for (const other of others) expect(other.read, "readers saw different orders").toEqual(first!.read);
    expect(readers.handedOutAgain()).toEqual([]);
    run.report({ repeated });
  },
);
