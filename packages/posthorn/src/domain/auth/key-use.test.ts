import { expect, it } from "vitest";
import { KeyUse, type KeyUses } from "./key-use.ts";

function scene() {
  const writes: KeyUses[] = [];
  const timers: (() => void)[] = [];
  const use = new KeyUse({
    write: async (uses) => void writes.push(uses),
    setTimer: (_ms, callback) => {
      timers.push(callback);
      return () => undefined;
    },
  });
  const fire = (): void => {
    for (const callback of timers.splice(0)) callback();
  };
  return { use, fire, writes };
}

it("writes the uses of a minute once, and those of several keys together", () => {
  const { use, fire, writes } = scene();
  for (let at = 0; at < 60_000; at += 1000) {
    use.note(1, at);
    use.note(2, at);
    fire();
  }
  use.note(1, 60_000);
  fire();
  expect(writes.map((uses) => [...uses])).toEqual([
    [
      [1, 0],
      [2, 0],
    ],
    [[1, 60_000]],
  ]);
});

it("writes what is pending when the node stops", async () => {
  const { use, writes } = scene();
  use.note(1, 5);
  await use[Symbol.asyncDispose]();
  expect(writes.map((uses) => [...uses])).toEqual([[[1, 5]]]);
});
