/**
 * Vitest setup file: with `POSTHORN_TEST_COSTS`, appends the costs of each test file to the file of this name, one JSON line each. CPU time
 * includes the threads of the process and the child processes that have ended.
 */
import { appendFileSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { afterAll, expect } from "vitest";

const FILE = process.env["POSTHORN_TEST_COSTS"];
/** Clock ticks of `/proc` in a second, the same on every Linux. */
const TICKS = 100;
/** Where the process keeps what it had used at the end of its previous test file. */
const USED = Symbol.for("posthorn.test.costs");

interface Used {
  readonly own: number;
  readonly children: number;
  readonly wall: number;
}

function used(): Used {
  // The name in parentheses may contain spaces. `utime` is the twelfth field after it.
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ").at(-1)!.split(" ");
  const seconds = (index: number): number => Number(fields[index]) / TICKS;
  return { own: seconds(11) + seconds(12), children: seconds(13) + seconds(14), wall: process.uptime() };
}

if (FILE !== undefined && process.platform === "linux") {
  const kept = process as unknown as Record<symbol, Used | undefined>;
  const path = relative(process.cwd(), expect.getState().testPath ?? "");
  const before = kept[USED] ?? { own: 0, children: 0, wall: 0 };
  const began = process.uptime();
  afterAll(() => {
    const now = used();
    kept[USED] = now;
    const cost = {
      path,
      store: process.env["POSTHORN_TEST_STORE"] ?? "sqlite",
      own: now.own - before.own,
      children: now.children - before.children,
      wall: now.wall - began,
    };
    appendFileSync(FILE, `${JSON.stringify(cost)}\n`);
  });
}
