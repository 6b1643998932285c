/**
 * The Helm chart in `deploy/helm`, without Helm: its values, its schema and the values that its templates use. Helm renders it in the
 * nightly tests.
 */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { STOP_SECONDS } from "./stop-seconds.ts";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const CHART = join(ROOT, "deploy/helm/posthorn");

type Values = Readonly<Record<string, unknown>>;

const defaults = parse(readFileSync(join(CHART, "values.yaml"), "utf8")) as Values;
const validate = new Ajv({ allErrors: true, strict: false }).compile(
  JSON.parse(readFileSync(join(CHART, "values.schema.json"), "utf8")) as object,
);

function faultsOf(values: Values): readonly string[] {
  return validate({ ...defaults, ...values }) ? [] : validate.errors!.map(({ instancePath }) => instancePath);
}

describe("the schema of the values", () => {
  it("accepts the defaults, and each setting that is not secret", () => {
    expect(faultsOf({})).toEqual([]);
    expect(faultsOf({ settings: { POSTHORN_RETRY_SCHEDULE: "5,300", POSTHORN_CONCURRENCY: 100 } })).toEqual([]);
    expect(faultsOf({ secret: { existing: "", values: { POSTHORN_JWT_SECRET: "x" } } })).toEqual([]);
  });

  it.each<[string, Values, string]>([
    ["a misspelled value", { replica: 2 }, ""],
    ["another database", { database: "mysql" }, "/database"],
    ["no pods", { replicas: 0 }, "/replicas"],
    ["a misspelled setting", { settings: { POSTHORN_RETRY_SHEDULE: "5" } }, "/settings"],
    ["a secret among the settings", { settings: { POSTHORN_JWT_SECRET: "x" } }, "/settings"],
    ["an address that the chart sets", { settings: { POSTHORN_LISTEN: "127.0.0.1:1" } }, "/settings"],
    [
      "an empty secret",
      { secret: { existing: "", values: { POSTHORN_JWT_SECRET: "" } } },
      "/secret/values/POSTHORN_JWT_SECRET",
    ],
    ["a URL with a path", { publicUrl: "https://example.com/posthorn" }, "/publicUrl"],
    ["an invalid digest", { image: { repository: "a", digest: "latest" } }, "/image/digest"],
    ["an Ingress without a host", { ingress: { enabled: true, hosts: [] } }, "/ingress/hosts"],
    ["a volume without a unit", { persistence: { size: "20" } }, "/persistence/size"],
  ])("rejects %s", (_, values, path) => {
    expect(faultsOf(values)).toContain(path);
  });
});

describe("the templates", () => {
  it("use only values that exist", () => {
    const text = globSync("templates/*", { cwd: CHART })
      .map((file) => readFileSync(join(CHART, file), "utf8"))
      .join("\n");
    const paths = new Set([...text.matchAll(/\.Values\.([\w.]+)/g)].map(([, path]) => path!));
    expect(paths.size).toBeGreaterThan(40);
    const missing = [...paths].filter(
      (path) => !path.split(".").reduce(within, { found: true, value: defaults }).found,
    );
    expect(missing).toEqual([]);
  });
});

interface Found {
  readonly found: boolean;
  readonly value: unknown;
}

function within({ found, value }: Found, name: string): Found {
  const parent = value as Values | undefined;
  return { found: found && parent !== undefined && Object.hasOwn(parent, name), value: parent?.[name] };
}

describe("the chart", () => {
  it("has the version of the package", () => {
    const { appVersion } = parse(readFileSync(join(CHART, "Chart.yaml"), "utf8")) as Values;
    const { version } = JSON.parse(readFileSync(join(ROOT, "packages/posthorn/package.json"), "utf8")) as Values;
    expect(appVersion).toBe(version);
  });

  it("gives a pod the time that a process can take to stop", () => {
    const { terminationGracePeriodSeconds: all, preStopSeconds: before } = defaults as Record<string, number>;
    expect(all! - before!).toBeGreaterThanOrEqual(STOP_SECONDS);
  });
});
