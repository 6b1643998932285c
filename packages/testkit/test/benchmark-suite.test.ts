import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { barChart } from "../../../bench/suite/chart.ts";
import { pageOf } from "../../../bench/suite/page.ts";
import { merged, type Round, type ScenarioResult, spread } from "../../../bench/suite/results.ts";
import { CAPACITY, SCENARIOS } from "../../../bench/suite/scenarios.ts";
import { pairsOf, tableOf } from "../../../bench/suite/table.ts";

const MAIN = fileURLToPath(new URL("../../../bench/suite/main.ts", import.meta.url));
const MACHINE = {
  processor: "Some processor",
  cores: 2,
  memoryGib: 8,
  node: "v24.0.0",
  system: "Linux 6",
  syncMs: { p50: 1, p99: 2 },
};

function round(cpuMicros: number | null, more: Partial<Round> = {}): Round {
  return {
    perSecond: 1000,
    cpuMicros,
    publishMs: { p50: 1, p99: 2 },
    receivedMs: null,
    pssMib: 100,
    restPercent: null,
    load: 1,
    ...more,
  };
}

function result(scenario: string, subjects: ScenarioResult["subjects"], commit = "abc"): ScenarioResult {
  return { scenario, commit, at: "2026-11-29T06:00:00.000Z", machine: MACHINE, seconds: 6, subjects };
}

function suite(...args: readonly string[]) {
  return spawnSync(process.execPath, ["--conditions=@posthorn/source", MAIN, ...args], { encoding: "utf8" });
}

describe("results", () => {
  test("the median of an even number of rounds is between the two in the middle", () => {
    const rounds = [40, 10, 30, 20].map((cpu) => round(cpu));
    expect(spread(rounds, ({ cpuMicros }) => cpuMicros)).toEqual({ median: 25, least: 10, greatest: 40 });
  });

  test("a figure that is missing in one round has no median", () => {
    expect(spread([round(1), round(null)], ({ cpuMicros }) => cpuMicros)).toBeNull();
    expect(spread([], ({ cpuMicros }) => cpuMicros)).toBeNull();
  });

  test("a run replaces its scenarios, keeps the others, and drops those that no longer exist", () => {
    const earlier = [result("a", {}, "old"), result("gone", {}, "old"), result("b", {}, "old")];
    const kept = merged(earlier, [result("b", {}, "new")], ["b", "a"]);
    expect(kept.map(({ scenario, commit }) => [scenario, commit])).toEqual([
      ["b", "new"],
      ["a", "old"],
    ]);
  });
});

describe("the table", () => {
  test("compares CPU time with the bare forwarder's, and has only columns with figures", () => {
    const table = tableOf(
      result(CAPACITY, { "bare forwarder": [round(50)], "Posthorn, SQLite": [round(100), round(140)] }),
    );
    expect(table.split("\n")[0]).toBe(
      "|  | events/s | CPU µs / delivery | CPU, forwarder = 1 | publish p50 / p99 ms | MiB |",
    );
    expect(table).toContain("| Posthorn, SQLite | 1,000 | 120 (100–140) | 2.40 | 1.0 / 2.0 | 100 |");
  });

  test("shows no latency below zero", () => {
    const early = round(50, { receivedMs: { p50: -0.04, p99: 2 } });
    expect(tableOf(result("rate-100", { "bare forwarder": [early] }))).toContain("| 0.0 / 2.0 |");
  });

  test("leaves the comparison out where there is no forwarder", () => {
    expect(tableOf(result("queues", { "Posthorn, SQLite": [round(100)] }))).not.toContain("forwarder");
  });
});

describe("pairs with another build", () => {
  const name = "Posthorn, SQLite";

  test("are compared round by round", () => {
    const subjects = {
      [name]: [round(50), round(80), round(90)],
      "other build, SQLite": [round(100), round(100), round(300)],
    };
    expect(pairsOf(result(CAPACITY, subjects))).toEqual([
      "Posthorn, SQLite: 0.50 of the CPU time of the other build (3 pairs, 0.30 to 0.80)",
    ]);
  });

  test("need both, and a figure in every round", () => {
    expect(pairsOf(result(CAPACITY, { [name]: [round(50)] }))).toEqual([]);
    expect(pairsOf(result("rest", { [name]: [round(null)], "other build, SQLite": [round(null)] }))).toEqual([]);
  });
});

describe("charts", () => {
  test("the longest bar leaves room for its figure", () => {
    const svg = barChart({
      title: "A & B",
      unit: "µs",
      bars: [
        { label: "one", value: 50, range: [40, 60], isOwn: false },
        { label: "two", value: 1234, range: [1000, 1500], isOwn: true },
      ],
    });
    const widths = [...svg.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width));
    expect(widths[1]! / widths[0]!).toBeCloseTo(1234 / 50, 0);
    expect(svg).toContain("<title>A &amp; B</title>");
    const ends = [...svg.matchAll(/class="label"[^>]* x="([\d.]+)"/g)].map(([, x]) => Number(x));
    expect(Math.max(...ends)).toBeLessThan(660);
  });

  test("the page links a chart for each scenario that compares systems, and no other", () => {
    const compared = { "bare forwarder": [round(50)], "Posthorn, SQLite": [round(100)] };
    const { text, charts } = pageOf(
      [result(CAPACITY, compared), result("stored", { "Posthorn, PostgreSQL": [round(9)] })],
      "d",
    );
    expect([...charts.keys()]).toEqual([`performance-${CAPACITY}.svg`]);
    expect(text).toContain(`](d/performance-${CAPACITY}.svg)`);
    expect(text).toContain("## Ten million stored attempts");
    expect(text).not.toContain("## TLS");
  });
});

test("the page says that there are no results", () => {
  expect(pageOf([], "d").text).toContain("This version has no results from an idle machine yet.");
});

test("each scenario has a unique name, and shares of the capacity come after its measurement", () => {
  const names = SCENARIOS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const shares = SCENARIOS.filter(({ load }) => load.kind === "share");
  const capacity = SCENARIOS.find(({ name }) => name === CAPACITY)!;
  expect(shares.length).toBeGreaterThan(0);
  for (const share of shares) {
    expect(capacity.subjects).toEqual(expect.arrayContaining([...share.subjects]));
    expect(SCENARIOS.indexOf(share)).toBeGreaterThan(SCENARIOS.indexOf(capacity));
  }
});

describe("the command", () => {
  test("measures the forwarder and writes each round", () => {
    const folder = mkdtempSync(join(tmpdir(), "posthorn-bench-test-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "results.json");
    const short = ["--rounds", "2", "--seconds", "1", "--warm-up", "1"];
    const output = execFileSync(
      process.execPath,
      ["--conditions=@posthorn/source", MAIN, "--only", CAPACITY, "--subjects", "forwarder", ...short, "--json", path],
      { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] },
    );
    expect(output).toContain("| bare forwarder |");
    const [measured] = JSON.parse(readFileSync(path, "utf8")) as ScenarioResult[];
    const rounds = measured!.subjects["bare forwarder"]!;
    expect(rounds).toHaveLength(2);
    for (const { perSecond, cpuMicros, pssMib } of rounds) {
      for (const figure of [perSecond, cpuMicros, pssMib]) expect(figure).toBeGreaterThan(0);
    }
  });

  test("explains an invalid option", () => {
    for (const [args, text] of [
      [["--only", "none"], 'There is no scenario "none". --list shows them.'],
      [["--rounds", "0"], '--rounds must be a whole number of at least 1, not "0"'],
      [["--subjects", "nginx"], 'No system of these scenarios has a name that contains "nginx".'],
      [["--fast"], "Unknown option '--fast'"],
      [["--save", "--subjects", "forwarder"], "--save is for figures that are published: "],
      [["--save", "--tree", ".."], "--save is for figures that are published: "],
    ] as const) {
      const { status, stderr } = suite(...args);
      expect(status).toBe(1);
      expect(stderr).toContain(text);
    }
  });
});
