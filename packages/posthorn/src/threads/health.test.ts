import { expect, it } from "vitest";
import type { Broadcast } from "../lib/broadcast.ts";
import { MainHealth, WorkerHealth } from "./health.ts";

/** Two threads: signals of one reach the other. */
function threads() {
  let listener: (data: unknown) => void = () => undefined;
  const published: unknown[] = [];
  const broadcast: Broadcast = {
    publish: (_topic, data) => {
      published.push(data);
      listener(data);
    },
    sendTo: () => false,
    subscribe: (_topic, next) => (listener = next),
  };
  let now = 0;
  const worker = new WorkerHealth(broadcast, () => now);
  return { main: new MainHealth(broadcast), worker, published, pass: (ms: number) => void (now += ms) };
}

const HUNG = [{ thread: 2, state: "hung" }] as const;

it("every thread learns about the problems of the others, and when they end", () => {
  const { main, worker, published } = threads();
  main.note(HUNG);
  main.note([...HUNG]);
  expect(worker.problems).toEqual(HUNG);
  main.note([]);
  expect([main.problems, worker.problems]).toEqual([[], []]);
  expect(published).toHaveLength(2);
});

it("a starting thread is told about the problems of others", () => {
  const { main, published } = threads();
  main.note([], true);
  main.note(HUNG);
  main.note(HUNG, true);
  expect(published).toEqual([HUNG, HUNG]);
});

it("a thread notices that the main thread sends no pings, and that it does again", () => {
  const { worker, pass } = threads();
  pass(60_000);
  expect(worker.isMainSilent).toBe(false);
  pass(1);
  expect(worker.isMainSilent).toBe(true);
  worker.pinged();
  expect(worker.isMainSilent).toBe(false);
});
