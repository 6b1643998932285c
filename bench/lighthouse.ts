/**
 * Rates the overview, the list of messages and a message of a server with a day of sample traffic with Lighthouse, which it installs into a
 * temporary folder. Scores depend on the load of the machine. Fails if a median performance on a desktop is below `--least`.
 *
 *     npm run bench:lighthouse
 *     npm run bench:lighthouse -- --runs 5 --least 90
 */
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { Demo } from "../e2e/demo/demo.ts";
import { findChromium } from "../e2e/lib/chromium.ts";

const { values } = parseArgs({
  options: { runs: { type: "string", default: "3" }, least: { type: "string", default: "90" } },
});
const RUNS = Number(values.runs);
const LEAST = Number(values.least);
const PACKAGE = "lighthouse@13.5.0";
const CATEGORIES = ["performance", "accessibility", "best-practices"] as const;
const CHROME_FLAGS = "--headless --no-sandbox --disable-gpu --disable-background-networking";
const MAX_REPORT_BYTES = 64 * 1024 * 1024;
/** A desktop, and a phone with a processor four times slower and 1.6 Mbit/s: the presets of Lighthouse. */
const DEVICES = { desktop: ["--preset=desktop"], phone: [] } as const;

type Scores = Readonly<Record<(typeof CATEGORIES)[number], number>>;

interface Report {
  readonly categories: Readonly<Record<string, { readonly score: number | null }>>;
  readonly runtimeError?: { readonly message: string };
}

function install(folder: string): string {
  writeFileSync(join(folder, "package.json"), "{}");
  const args = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", PACKAGE];
  const { status } = spawnSync("npm", args, { cwd: folder, stdio: "inherit" });
  if (status !== 0) throw new Error(`Cannot install ${PACKAGE}.`);
  return join(folder, "node_modules", "lighthouse", "cli", "index.js");
}

async function rate(program: string, url: string, device: keyof typeof DEVICES): Promise<Scores> {
  const args = [
    program,
    url,
    ...DEVICES[device],
    "--quiet",
    "--output=json",
    `--only-categories=${CATEGORIES.join(",")}`,
    `--chrome-flags=${CHROME_FLAGS}`,
  ];
  const env = { ...process.env, CHROME_PATH: findChromium(), NODE_OPTIONS: "" };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, maxBuffer: MAX_REPORT_BYTES });
  const { categories, runtimeError } = JSON.parse(stdout) as Report;
  if (runtimeError !== undefined) throw new Error(runtimeError.message);
  const score = (category: string): number => Math.round(100 * (categories[category]?.score ?? 0));
  return Object.fromEntries(CATEGORIES.map((category) => [category, score(category)])) as Scores;
}

/** Path of the newest message. */
async function newestMessage(demo: Demo): Promise<string> {
  const { data } = (await demo.call("GET", "/api/v1/message?limit=1&direction=out")) as unknown as {
    readonly data: readonly { readonly id: string; readonly appId: string }[];
  };
  return `/applications/${data[0]!.appId}/messages/${data[0]!.id}`;
}

/** Prints the scores of a page. @returns The median performance on a desktop. */
async function ratePage(program: string, demo: Demo, name: string, path: string): Promise<number> {
  const url = `${demo.url}${path}#key=${demo.token}`;
  const medians: Partial<Record<keyof typeof DEVICES, number>> = {};
  for (const device of ["desktop", "phone"] as const) {
    const scores: Scores[] = [];
    for (let run = 0; run < RUNS; run++) scores.push(await rate(program, url, device));
    const sorted = (category: (typeof CATEGORIES)[number]): number[] =>
      scores.map((one) => one[category]).toSorted((a, b) => a - b);
    const performances = sorted("performance");
    medians[device] = performances[Math.floor(RUNS / 2)]!;
    const cells = [
      `${medians[device]} (${performances[0]}–${performances.at(-1)})`,
      ...(["accessibility", "best-practices"] as const).map((category) => String(sorted(category)[0])),
    ];
    console.log(`${name.padEnd(10)}${device.padEnd(9)}${cells.map((cell) => cell.padStart(16)).join("")}`);
  }
  return medians.desktop!;
}

const folder = mkdtempSync(join(tmpdir(), "posthorn-lighthouse-"));
try {
  const program = install(folder);
  await using demo = await Demo.start({ folder: join(folder, "data") });
  const load = loadavg()[0]!.toFixed(1);
  console.log(
    `Load before the first run: ${load}. Median of ${RUNS} runs, with the lowest and the highest; lowest of the others.`,
  );
  console.log(`${"".padEnd(19)}${CATEGORIES.map((name) => name.padStart(16)).join("")}`);
  const pages = [
    ["overview", "/"],
    ["messages", "/messages"],
    ["message", await newestMessage(demo)],
  ] as const;
  for (const [name, path] of pages) {
    const median = await ratePage(program, demo, name, path);
    if (median >= LEAST) continue;
    console.error(`The performance of the ${name} on a desktop is below ${LEAST}.`);
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
