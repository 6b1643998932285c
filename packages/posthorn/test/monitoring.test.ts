/** The Grafana dashboard and the alert rules in `deploy`: checked by promtool, and against the metrics of a server. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promtool, startReceiver } from "@posthorn/testkit";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { startNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const DEPLOY = fileURLToPath(new URL("../../../deploy/", import.meta.url));
const RULES = join(DEPLOY, "prometheus/posthorn-alerts.yml");
const TESTS = join(DEPLOY, "prometheus/posthorn-alerts.test.yml");
const tool = promtool();

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<string, string>>;
}

const rules = (
  parse(readFileSync(RULES, "utf8")) as { readonly groups: readonly { readonly rules: readonly Rule[] }[] }
).groups[0]!.rules;
const board = JSON.parse(readFileSync(join(DEPLOY, "grafana/posthorn.json"), "utf8")) as {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
};

let text = "";

beforeAll(async () => {
  using folder = temporaryFolder();
  await using receiver = await startReceiver();
  await using node = await startNode(folder.path, { env: { POSTHORN_METRICS_LISTEN: "127.0.0.1:0" } });
  const tenant = new Tenant(node);
  await tenant.setUp(receiver.url);
  await tenant.firstAttempt();
  text = await (await fetch(node.metricsUrl!)).text();
});

/** Names of metrics in an expression, without the suffix of a histogram's part. */
function metricsIn(expr: string): readonly string[] {
  return [...expr.matchAll(/\b(?:posthorn|nodejs|process)_\w+/g)].map(([name]) => name.replace(/_bucket$/, ""));
}

function run(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(tool!, args, { encoding: "utf8", input: text });
  return `${status} ${stdout}${stderr}`;
}

describe("the alert rules and the dashboard", () => {
  it("link to a section of the runbook", () => {
    const runbook = readFileSync(join(DEPLOY, "../docs/guides/on-call.md"), "utf8");
    const headings = [...runbook.matchAll(/^### (\w+)$/gm)].map(([, name = ""]) => name);
    expect(new Set(headings)).toEqual(new Set(rules.map(({ alert }) => alert)));
    const urls = rules.map(({ annotations }) => annotations["runbook_url"]);
    const root = "https://posthorn.example.com/docs/guides/on-call";
    expect(urls).toEqual(rules.map(({ alert }) => `${root}#${alert.toLowerCase()}`));
  });

  it("use only metrics that a server has", () => {
    const known = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
    const exprs = [...rules, ...board.panels.flatMap(({ targets = [] }) => targets)].map(({ expr }) => expr);
    expect(exprs.length).toBeGreaterThan(40);
    expect(exprs.flatMap((expr) => metricsIn(expr).filter((name) => !known.has(name)))).toEqual([]);
  });

  it("have a severity, and say what to do", () => {
    for (const { labels, annotations } of rules) {
      expect(["critical", "warning", "info"]).toContain(labels.severity);
      expect(Object.keys(annotations)).toEqual(["runbook_url", "summary", "description"]);
    }
  });

  it("are all described in the docs, and each has a test in which it fires and one in which it does not", () => {
    const page = readFileSync(join(DEPLOY, "../docs/operations/monitoring.md"), "utf8");
    const tests = readFileSync(TESTS, "utf8");
    for (const { alert } of rules) {
      expect(page).toContain(`\`${alert}\``);
      expect(tests).toContain(`"${alert} fires"`);
      expect(tests).toContain(`"${alert} stays silent"`);
    }
  });
});

describe.skipIf(tool === null)("promtool", () => {
  it("accepts the alert rules, and their tests pass", () => {
    expect(run("check", "rules", RULES)).toContain(`SUCCESS: ${rules.length} rules found`);
    expect(run("test", "rules", TESTS)).toMatch(/^0 /);
  });

  it("accepts the metrics of a server", () => {
    expect(run("check", "metrics")).toBe("0 ");
  });
});
