/** Test files that share a process: a file that leaves something behind fails, and the error names it. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const LEAKS: Readonly<Record<string, readonly [string, string]>> = {
  variable: [`process.env.LEFT_BEHIND = "1";`, "environment variable LEFT_BEHIND"],
  global: [`globalThis.leftBehind = 1;`, "global leftBehind"],
  listener: [`process.on("SIGHUP", () => undefined);`, 'listener of the process for "SIGHUP"'],
  server: [`await once(createServer().listen(0, "127.0.0.1"), "listening");`, "open TCPServerWrap"],
  thread: [`new Worker("setInterval(() => undefined, 1000)", { eval: true });`, "thread"],
  dispatcher: [`globalThis[Symbol.for("undici.globalDispatcher.1")] = {};`, "a different dispatcher for fetch"],
};
const TIDY = `vi.stubGlobal("leftBehind", 1); vi.stubEnv("LEFT_BEHIND", "1"); vi.useFakeTimers();`;

describe("a test file in a shared process", () => {
  it("fails if it leaves a variable, global, listener, server, thread or dispatcher behind, and passes if it cleans up", () => {
    const cache = join(ROOT, "node_modules", ".cache");
    mkdirSync(cache, { recursive: true });
    const folder = mkdtempSync(join(cache, "leaks-"));
    try {
      const files = Object.entries({ ...LEAKS, tidy: [TIDY] }).map(([name, [code]]) => [name, code] as const);
      for (const [name, code] of files) writeFileSync(join(folder, `${name}.test.ts`), fileOf(code!));
      writeFileSync(join(folder, "vitest.config.ts"), config(folder));
      const report = join(folder, "report.json");
      const reporting = ["--reporter=json", `--outputFile.json=${report}`];
      spawnSync("npx", ["vitest", "run", "--config", join(folder, "vitest.config.ts"), ...reporting], { cwd: ROOT });
      const { testResults } = JSON.parse(readFileSync(report, "utf8")) as {
        testResults: { name: string; status: string; message: string }[];
      };
      const found = Object.fromEntries(
        testResults.map(({ name, status, message }) => [nameOf(name), [status, message]]),
      );
      expect(found["tidy"]).toEqual(["passed", ""]);
      for (const [name, [, leak]] of Object.entries(LEAKS)) {
        expect([name, ...found[name]!]).toEqual([name, "failed", expect.stringContaining(leak)]);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

function fileOf(code: string): string {
  return `import { once } from "node:events";
import { createServer } from "node:net";
import { Worker } from "node:worker_threads";
import { it, vi } from "vitest";
it("does its work", async () => { ${code} });
`;
}

function config(folder: string): string {
  const setup = join(ROOT, "packages/testkit/src/leak-check.ts");
  return `export default { root: ${JSON.stringify(folder)}, test: { include: ["*.test.ts"], setupFiles: [${JSON.stringify(setup)}], env: { POSTHORN_TEST_CLOSING_MS: "300" }, maxWorkers: 1 } };
`;
}

function nameOf(path: string): string {
  return /([^/]+)\.test\.ts$/.exec(path)![1]!;
}
