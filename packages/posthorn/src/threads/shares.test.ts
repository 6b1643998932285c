import { expect, it } from "vitest";
import { envToConfig } from "../config/config.ts";
import { readEnv } from "../config/env.ts";
import { sharesOf } from "./shares.ts";

/** A thread whose siblings join and end, with the shares that it receives. */
function starting(environment: Record<string, string> = {}) {
  const siblings = {
    count: 0,
    onCount: (listener: () => void) => void (siblings.changed = listener),
    changed: () => {},
  };
  const shares = sharesOf(envToConfig(readEnv({ environment })), siblings);
  const told: number[] = [];
  const listen = (): void => shares.onShare(({ concurrency }) => void told.push(concurrency));
  return { siblings, shares, told, listen };
}

it("sends a thread its share if another one has joined while it was starting", () => {
  const { siblings, shares, told, listen } = starting();
  expect(shares.share.concurrency).toBe(512);
  siblings.count = 1;
  listen();
  expect(told).toEqual([256]);
});

it("sends a thread nothing until its share changes", () => {
  const { siblings, told, listen } = starting();
  listen();
  expect(told).toEqual([]);
  siblings.count = 3;
  siblings.changed();
  expect(told).toEqual([128]);
});

it("sends a thread nothing if the number of threads is fixed", () => {
  const { siblings, shares, told, listen } = starting({ POSTHORN_THREADS: "4" });
  expect(shares.share.concurrency).toBe(128);
  siblings.count = 3;
  listen();
  siblings.changed();
  expect(told).toEqual([]);
});
