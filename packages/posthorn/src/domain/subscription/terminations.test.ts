import { expect, it } from "vitest";
import type { EndedSubscription } from "./end.ts";
import { Terminations } from "./terminations.ts";

function ended(appKey: number): EndedSubscription {
  const termination = { code: -1, message: "" };
  return { appKey, endpointKey: 1, targetHash: new Uint8Array(), configSealed: null, termination };
}

/** A promise of each call, which the test ends. */
function calls() {
  const started: { readonly appKey: number; readonly end: () => void; readonly fail: (error: Error) => void }[] = [];
  const announce = ({ appKey }: EndedSubscription, signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      started.push({ appKey, end: resolve, fail: reject });
      signal.addEventListener("abort", () => resolve());
    });
  return { started, announce };
}

it("calls eight clients at a time, and the others when one of them has responded or failed", async () => {
  const { started, announce } = calls();
  const failures: unknown[] = [];
  await using terminations = new Terminations({ announce, onFailure: (error) => failures.push(error) });
  for (let app = 1; app <= 12; app++) terminations.add(ended(app));
  expect(started.map(({ appKey }) => appKey)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  started[3]!.end();
  await expect.poll(() => started.length).toBe(9);
  started[0]!.fail(new Error("lost"));
  await expect.poll(() => started.at(-1)!.appKey).toBe(10);
  expect(failures).toEqual([new Error("lost")]);
});

it("aborts its calls when the node stops, and makes no more", async () => {
  const { started, announce } = calls();
  const terminations = new Terminations({ announce, onFailure: () => undefined });
  for (let app = 1; app <= 12; app++) terminations.add(ended(app));
  await terminations[Symbol.asyncDispose]();
  terminations.add(ended(13));
  expect(started).toHaveLength(8);
});

it("drops clients beyond a thousand", async () => {
  const { started, announce } = calls();
  await using terminations = new Terminations({ announce, onFailure: () => undefined });
  for (let app = 1; app <= 2000; app++) terminations.add(ended(app));
  for (let told = 0; told < started.length; told++) {
    started[told]!.end();
    // The next call starts in the microtasks after the end of one.
    await new Promise(setImmediate);
  }
  expect(started.at(-1)!.appKey).toBe(1008);
});
