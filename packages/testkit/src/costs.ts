/**
 * Vitest setup file: with `POSTHORN_TEST_COSTS`, appends the costs of each test file to the file of this name, one JSON line each. `npm run
 * test:costs` prints them as a table.
 *
 * CPU time includes the threads of the process and the child processes that have ended. The CPU time of the shared PostgreSQL is a separate
 * number that includes its work for other files running at the same time, so measure it with `--maxWorkers 1`.
 */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect } from "vitest";
import { cpuOf } from "./cpu-time.ts";
import { FILE, POSTGRES_FILE } from "./costs-file.ts";

const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));
/** Where the process stores its usage at the end of the previous test file. */
const USED = Symbol.for("posthorn.test.costs");

/** Seconds of CPU time, and elapsed seconds. */
interface Used {
  readonly own: number;
  readonly children: number;
  readonly postgres: number;
  readonly wall: number;
}

function used(): Used {
  const pid = existsSync(POSTGRES_FILE) ? readFileSync(POSTGRES_FILE, "utf8") : null;
  const postgres = pid !== null && existsSync(`/proc/${pid}`) ? cpuOf(pid) : { own: 0, children: 0 };
  return { ...cpuOf("self"), postgres: postgres.own + postgres.children, wall: process.uptime() };
}

const file = FILE;
if (file !== undefined && process.platform === "linux") {
  const kept = process as unknown as Record<symbol, Used | undefined>;
  const path = relative(REPOSITORY, expect.getState().testPath ?? "");
  const began = used();
  const before = kept[USED] ?? { own: 0, children: 0 };
  afterAll(() => {
    const now = used();
    kept[USED] = now;
    const cost = {
      path,
      store: process.env["POSTHORN_TEST_STORE"] ?? "sqlite",
      own: now.own - before.own,
      children: now.children - before.children,
      postgres: now.postgres - began.postgres,
      wall: now.wall - began.wall,
    };
    appendFileSync(file, `${JSON.stringify(cost)}\n`);
  });
}
