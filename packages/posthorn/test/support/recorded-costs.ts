/** Compares counted costs with those in `recorded-costs.json`. Counts do not depend on the machine, so a rise is a change of the code. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Cost by name. */
export type Costs = Readonly<Record<string, number>>;

const FILE = fileURLToPath(new URL("recorded-costs.json", import.meta.url));
/** Highest cost that passes, as a multiple of the recorded one. */
const LIMIT = 1.1;
/** Set to 1, it writes the counted costs to the file instead of comparing them. */
const RECORD = "POSTHORN_RECORD_COSTS";

/** The costs that are more than 10 % above the recorded ones, and what to do; an empty text: none are. */
export function costRises(of: string, counted: Costs): string {
  const all = JSON.parse(readFileSync(FILE, "utf8")) as Record<string, Costs>;
  if (process.env[RECORD] === "1") {
    const sorted = Object.entries({ ...all, [of]: counted }).toSorted(([a], [b]) => (a < b ? -1 : 1));
    writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`);
    return "";
  }
  const risen = risenCosts(counted, all[of] ?? {});
  if (risen.length === 0) return "";
  return (
    `Costs of "${of}" have risen:\n${risen.map((line) => `- ${line}`).join("\n")}\n` +
    `Find the cause. If the cost is intended, run the test with ${RECORD}=1 and explain the rise in the commit.`
  );
}

/** One sentence for each cost above the limit, or without a record. */
export function risenCosts(counted: Costs, recorded: Costs): readonly string[] {
  return Object.entries(counted).flatMap(([name, cost]) => {
    const before = recorded[name];
    if (before === undefined) return [`${name}: ${cost}, and no record of it`];
    if (cost <= before * LIMIT) return [];
    const rise = before === 0 ? "" : `, ${Math.round((cost / before - 1) * 100)} % more`;
    return [`${name}: ${cost} instead of ${before}${rise}`];
  });
}
