/**
 * Benchmarks of the delivery engine, one case after the other. See README.md in this folder.
 *
 *     npm run bench:engine -- --case hanging --rate 100
 *
 * Arguments after the case are passed to it. Without a case, all five run with their defaults.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const CASES: Readonly<Record<string, readonly string[]>> = {
  hanging: ["hang.ts"],
  outage: ["outage.ts"],
  dead: ["outage.ts", "--dead"],
  backlog: ["backlog.ts"],
  order: ["order.ts"],
};
const given = process.argv.slice(2);
const [wanted, rest] = given[0] === "--case" ? [given[1] ?? "", given.slice(2)] : ["all", given];
if (wanted !== "all" && CASES[wanted] === undefined) {
  throw new Error(`Unknown case "${wanted}". The cases are ${Object.keys(CASES).join(", ")}.`);
}
for (const [name, [module, ...flags]] of Object.entries(CASES)) {
  if (wanted !== "all" && wanted !== name) continue;
  console.log(`\n${name}`);
  const path = fileURLToPath(new URL(module!, import.meta.url));
  spawnSync(process.execPath, ["--conditions=@posthorn/source", path, ...flags, ...rest], { stdio: "inherit" });
}
