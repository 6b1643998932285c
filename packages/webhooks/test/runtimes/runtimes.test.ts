import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { findChromium, runInChromium } from "./browser.ts";
import { buildSuite, FOLDER, installRuntimes, OUT } from "./build.ts";

const run = promisify(execFile);
const MINUTES = 60_000;
const MODULES = `${FOLDER}node_modules/`;
const SUITE = `${OUT}suite.test.mjs`;
/** Number of tests in the suite. A runner that finds fewer must fail. */
const TESTS = 9;

function program(...candidates: string[]): string {
  const found = candidates.map((path) => MODULES + path).find((path) => existsSync(path));
  if (found === undefined)
    throw new Error(`No program for ${process.platform} ${process.arch}: ${candidates.join(", ")}`);
  return found;
}

const platform = `${process.platform}-${process.arch}`;

async function output(file: string, args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run(file, args, { cwd: FOLDER, env: { ...process.env, NODE_OPTIONS: "" } });
  return stdout + stderr;
}

async function nodeTest(node: string): Promise<string> {
  return output(node, ["--test", "--test-reporter=tap", SUITE]);
}

function workerd(flags: readonly string[]): Promise<string> {
  const config = `${OUT}workerd-${flags.length}.capnp`;
  writeFileSync(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [(name = "suite", worker = (
  modules = [(name = "worker", esModule = embed "workerd.mjs")],
  compatibilityDate = "2026-01-01",
  compatibilityFlags = ${JSON.stringify(flags)},
))]);
`,
  );
  const name = process.platform === "linux" ? "linux" : "darwin";
  const binary = program(`@cloudflare/workerd-${name}-${process.arch === "x64" ? "64" : "arm64"}/bin/workerd`);
  return output(binary, ["test", config]);
}

beforeAll(async () => {
  installRuntimes();
  await buildSuite();
}, 10 * MINUTES);

describe("the suite passes on", () => {
  it("Node 20", { timeout: MINUTES }, async () => {
    expect(await nodeTest(program(`node-20-${platform}/bin/node`))).toContain(`# pass ${TESTS}\n`);
  });

  it("Node 22", { timeout: MINUTES }, async () => {
    expect(await nodeTest(program(`node-22-${platform}/bin/node`))).toContain(`# pass ${TESTS}\n`);
  });

  it("the Node that runs this test, 24", { timeout: MINUTES }, async () => {
    expect(process.versions.node).toMatch(/^24\./);
    expect(await nodeTest(process.execPath)).toContain(`# pass ${TESTS}\n`);
  });

  it("Deno", { timeout: MINUTES }, async () => {
    const deno = program(`@deno/${process.platform}-${process.arch}-glibc/deno`, `@deno/${platform}/deno`);
    const text = await output(deno, ["test", "--no-check", "--allow-all", "--node-modules-dir=manual", SUITE]);
    expect(text).toContain(`${TESTS} passed | 0 failed`);
  });

  it("Bun", { timeout: MINUTES }, async () => {
    const arch = process.arch === "arm64" ? "aarch64" : process.arch;
    const text = await output(program(`@oven/bun-${process.platform}-${arch}/bin/bun`), ["test", SUITE]);
    expect(text).toContain(`${TESTS} pass\n`);
  });

  it("workerd, with WebCrypto alone", { timeout: MINUTES }, async () => {
    expect(await workerd([])).toContain(`passed ${TESTS}`);
  });

  it("workerd with nodejs_compat", { timeout: MINUTES }, async () => {
    expect(await workerd(["nodejs_compat"])).toContain(`passed ${TESTS}`);
  });

  it("Chromium", { timeout: 10 * MINUTES }, async () => {
    expect(await runInChromium(findChromium())).toEqual({ passed: TESTS, failures: [] });
  });
});

describe("the published package", () => {
  it("has declarations that TypeScript before 5.7 can read, in which typed arrays had no type parameter", () => {
    const dist = `${FOLDER}../../dist/`;
    const declarations = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((path) =>
      path.endsWith(".d.ts"),
    );
    expect(declarations.length).toBeGreaterThan(100);
    expect(declarations.filter((path) => /Uint8Array</.test(readFileSync(dist + path, "utf8")))).toEqual([]);
  });
});
