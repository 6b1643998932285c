import { expect, it } from "vitest";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { ClusterWork, type ClusterWorkOptions } from "./work.ts";

it("a commit with an unknown outcome makes the node look for work, unless it is closing", () => {
  const clock = new ManualClock();
  const done: string[] = [];
  let unknownCommit = (): void => undefined;
  const note = (what: string) => (): void => void done.push(what);
  const options = {
    services: {
      store: {
        onSignal: () => undefined,
        onUnknownCommit: (listener: () => void) => (unknownCommit = listener),
        cluster: null,
      },
      directory: { clear: note("clear") },
      sources: { clear: () => undefined },
      tokens: { forget: () => undefined },
    },
    dispatcher: { rescan: note("rescan"), wakeAll: note("wake all") },
    workers: { rescan: note("rescan of workers") },
    cluster: { time: { monotonic: () => clock.now(), setTimer: clock.setTimer.bind(clock) } },
  } as unknown as ClusterWorkOptions;
  const work = new ClusterWork(options);
  unknownCommit();
  clock.advance(2000);
  expect(done).toEqual(["clear", "rescan", "rescan of workers", "clear", "wake all"]);
  done.length = 0;
  work[Symbol.dispose]();
  unknownCommit();
  // Requests that are still being answered must not use data that another thread has changed.
  expect(done).toEqual(["clear"]);
  expect(clock.waiting).toBe(0);
});
