import { expect, it } from "vitest";
import { openStore } from "../../../test/support/store.ts";
import { claimRun, insertRun, restartRun, saveRun } from "./run.ts";

const SOURCE = 7;
const NOW = 1_800_000_000_000;

it("lets only the last claim write the cursor, also on the node that holds the lease", async () => {
  await using files = await openStore();
  const { store } = files;
  await store.transaction((tx) => insertRun(tx, SOURCE, NOW, true));
  const first = await claimRun(store, SOURCE, undefined);
  const second = await claimRun(store, SOURCE, undefined);
  const { run } = first!;
  expect(await saveRun(store, second!.claim, { cursor: { at: 2 }, run })).toBe("saved");
  expect(await saveRun(store, first!.claim, { cursor: { at: 1 }, run })).toBe("lost");
  expect((await claimRun(store, SOURCE, undefined))!.cursor).toEqual({ at: 2 });
});

it("does not let a run write that began before a change of the configuration", async () => {
  await using files = await openStore();
  const { store } = files;
  await store.transaction((tx) => insertRun(tx, SOURCE, NOW, true));
  const old = await claimRun(store, SOURCE, undefined);
  await store.transaction((tx) => restartRun(tx, SOURCE, { now: NOW, keepsCursor: false, isRead: true }));
  expect(await saveRun(store, old!.claim, { cursor: { at: 1 }, run: old!.run })).toBe("lost");
  expect((await claimRun(store, SOURCE, undefined))!.cursor).toBeNull();
});
