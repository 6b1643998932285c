/** Fails if docs/features/metrics.md lacks a metric of the server, or names one that does not exist. */
import { readFileSync } from "node:fs";
import { Metrics } from "../packages/posthorn/src/metrics/metrics.ts";

const PAGE = "docs/features/metrics.md";

// Only the names are read; no metric is collected.
const registered = new Set(new Metrics({ store: {} } as unknown as ConstructorParameters<typeof Metrics>[0]).names);
const documented = namesIn(readFileSync(PAGE, "utf8"));
const missing = [...registered].filter((name) => !documented.has(name));
const unknown = [...documented].filter((name) => !registered.has(name));
for (const name of missing) console.error(`${PAGE} does not describe the metric ${name}.`);
for (const name of unknown) console.error(`${PAGE} names the metric ${name}, which does not exist.`);
if (missing.length + unknown.length > 0) process.exitCode = 1;

/** Names of metrics in a page. `\u2026_lanes` after `posthorn_dispatcher_in_flight` stands for `posthorn_dispatcher_lanes`. */
function namesIn(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  let family = "";
  for (const [, code = ""] of text.matchAll(/`([^`\n]+)`/g)) {
    const short = /^\u2026_(\w+)$/.exec(code);
    if (short !== null) names.add(`${family}_${short[1]}`);
    for (const [name] of code.matchAll(/\bposthorn_\w+/g)) {
      names.add(name);
      family = name.split("_").slice(0, 2).join("_");
    }
  }
  return names;
}
