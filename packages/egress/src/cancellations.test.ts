import { expect, test } from "vitest";
import { Cancellations } from "./timeouts.ts";

/** A signal that counts its listeners. */
function countedSignal() {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
  signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
  return { controller, signal, listeners: () => listeners };
}

test("a signal has one listener for all its requests, and none when they have ended", () => {
  const cancellations = new Cancellations();
  const { controller, signal, listeners } = countedSignal();
  const canceled: number[] = [];
  const entries = [1, 2, 3].map((id) => cancellations.add(signal, { onCancel: () => void canceled.push(id) }));
  expect(listeners()).toBe(1);
  cancellations.remove(entries[1]!);
  controller.abort();
  expect(canceled).toEqual([1, 3]);
  cancellations.remove(entries[0]!);
  cancellations.remove(entries[2]!);
  expect(listeners()).toBe(0);
});
