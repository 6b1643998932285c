import { expect, it } from "vitest";
import { maxThreads } from "./max-threads.ts";

const GIB = 1024 ** 3;
const MACHINE = { cores: 64, memoryBytes: 64 * GIB, sharesPorts: true };

it("allows a thread for each core, up to what the database can serve", () => {
  expect([1, 2, 8, 64].map((cores) => maxThreads("sqlite", { ...MACHINE, cores }))).toEqual([1, 2, 8, 8]);
  expect([1, 2, 8, 64].map((cores) => maxThreads("postgres", { ...MACHINE, cores }))).toEqual([1, 2, 4, 4]);
});

it("allows a thread for each 512 MiB of memory", () => {
  const of = (gib: number): number => maxThreads("sqlite", { ...MACHINE, memoryBytes: gib * GIB });
  expect([0.25, 0.9, 1, 2.4, 16].map(of)).toEqual([1, 1, 2, 4, 8]);
});

it("has one thread where threads cannot share a port", () => {
  expect(maxThreads("sqlite", { ...MACHINE, sharesPorts: false })).toBe(1);
});
