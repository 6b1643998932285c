import { expect, it } from "vitest";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { ThreadGrowth } from "./growth.ts";
import type { MeasuredThread } from "./load.ts";

const SAMPLE_MS = 5000;

/** A process whose load the test sets: four busy samples in a row start a thread. */
function growing() {
  const clock = new ManualClock();
  const state = {
    busiest: 1,
    mean: 1,
    spare: 1,
    others: [] as readonly MeasuredThread[] | null,
    isComplete: false,
    started: 0,
  };
  const growth = new ThreadGrowth({
    time: clock,
    meter: { threads: () => state, spareCores: () => state.spare },
    others: () => state.others,
    isComplete: () => state.isComplete,
    grow: () => void state.started++,
  });
  const pass = (samples: number): void => {
    for (let sample = 0; sample < samples; sample++) clock.advance(SAMPLE_MS);
  };
  return { clock, state, growth, pass };
}

it("starts a thread once the threads have been busy for 20 s, and the next after another 20 s", () => {
  const { state, pass } = growing();
  pass(3);
  expect(state.started).toBe(0);
  pass(1);
  expect(state.started).toBe(1);
  pass(3);
  expect(state.started).toBe(1);
  pass(1);
  expect(state.started).toBe(2);
});

it("starts none after a burst that ends", () => {
  const { state, pass } = growing();
  for (let burst = 0; burst < 5; burst++) {
    state.busiest = 1;
    pass(3);
    state.busiest = 0.7;
    pass(1);
  }
  expect(state.started).toBe(0);
});

it("starts none while the other threads are idle: the clients have too few connections for more", () => {
  const { state, pass } = growing();
  state.mean = 0.4;
  pass(20);
  expect(state.started).toBe(0);
});

it("starts none while the machine has no spare core", () => {
  const { state, pass } = growing();
  state.spare = 0.3;
  pass(20);
  expect(state.started).toBe(0);
  state.spare = 0.6;
  pass(4);
  expect(state.started).toBe(1);
});

it("starts none while the last one has not taken its share, and none beyond the maximum", () => {
  const { state, pass } = growing();
  state.others = null;
  pass(20);
  state.others = [];
  state.isComplete = true;
  pass(20);
  expect(state.started).toBe(0);
});

it("waits for ten minutes after a thread that could not be started", () => {
  const { state, growth, pass } = growing();
  growth.rest();
  pass(123);
  expect(state.started).toBe(0);
  pass(1);
  expect(state.started).toBe(1);
});

it("sets no timer after it was stopped", () => {
  const { clock, growth } = growing();
  growth[Symbol.dispose]();
  expect(clock.waiting).toBe(0);
});
