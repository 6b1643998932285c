/**
 * Writes the generated parts of the Helm chart: the names of settings in its schema, and the table of its README. With `--check` it writes nothing
 * and fails when a part is stale.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parse } from "yaml";
import { settings } from "../packages/posthorn/src/config/settings.ts";
import { cell } from "./kind-pages.ts";
import { formatted } from "./formatted.ts";

const CHART = "deploy/helm/posthorn";
/** Settings that other values of the chart set. */
const SET_BY_CHART = new Set([
  "POSTHORN_LISTEN",
  "POSTHORN_DATA_DIR",
  "POSTHORN_METRICS_LISTEN",
  "POSTHORN_PUBLIC_URL",
  "POSTHORN_INGEST_URL",
]);
const TABLE = /(<!-- generated: values -->)[^]*(<!-- \/generated -->)/;

interface Schema {
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly properties?: Record<string, Schema>;
  propertyNames?: { readonly enum: readonly string[] };
}

const schema = JSON.parse(read(`${CHART}/values.schema.json`)) as Schema;
const values = parse(read(`${CHART}/values.yaml`)) as Record<string, unknown>;

nameSettings(schema);
const parts = new Map<string, string>([
  [`${CHART}/values.schema.json`, JSON.stringify(schema)],
  [`${CHART}/README.md`, read(`${CHART}/README.md`).replace(TABLE, `$1\n\n${table()}\n\n$2`)],
]);
const made = new Map<string, string>();
for (const [path, text] of parts) made.set(path, await formatted(path, text));

const stale = [...made].filter(([path, text]) => read(path) !== text);
if (!process.argv.includes("--check")) for (const [path, text] of stale) writeFileSync(path, text);
else if (stale.length > 0) {
  console.error(`Not current; run "npm run generate:docs": ${stale.map(([path]) => path).join(", ")}`);
  process.exitCode = 1;
}

/** Misspelled settings, and secrets in values that anyone can read, are rejected when the chart is installed. */
function nameSettings({ properties = {} }: Schema): void {
  const all = Object.values(settings).filter(({ name }) => !SET_BY_CHART.has(name));
  const open = all.filter((setting) => !("secret" in setting));
  properties["settings"]!.propertyNames = { enum: open.map(({ name }) => name) };
  properties["secret"]!.properties!["values"]!.propertyNames = { enum: all.map(({ name }) => name) };
}

function table(): string {
  const rows = Object.entries(schema.properties ?? {})
    .filter(([name]) => name !== "global")
    .flatMap(([name, part]) => rowsOf(name, part, values[name]));
  return `| Value | Default | Meaning |\n| --- | --- | --- |\n${rows.join("\n")}`;
}

function rowsOf(path: string, part: Schema, value: unknown): readonly string[] {
  if (part.properties !== undefined) {
    const group = value as Record<string, unknown>;
    return Object.entries(part.properties).flatMap(([name, inner]) => rowsOf(`${path}.${name}`, inner, group[name]));
  }
  const preset = value === "" ? "" : `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
  const choice = part.enum === undefined || path === "database" ? "" : ` One of ${part.enum.join(", ")}.`;
  return [`| \`${path}\` | ${cell(preset)} | ${cell((part.description ?? "") + choice)} |`];
}

function read(path: string): string {
  return readFileSync(path, "utf8");
}
