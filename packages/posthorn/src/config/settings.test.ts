import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { settings } from "./settings.ts";

const SOURCE = new URL("../", import.meta.url);

it("each setting is used outside its declaration", () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && !name.includes("config/settings"),
  );
  const code = files.map((name) => readFileSync(new URL(name, SOURCE), "utf8")).join("\n");
  // The settings of the three signals of OpenTelemetry are looked up by the name of the signal.
  const bySignal = (key: string): string => `\`${key.replace(/Traces|Metrics|Logs/, "${signal}")}\``;
  const unused = Object.keys(settings).filter(
    (key) => !new RegExp(`\\b${key}\\b`).test(code) && !code.includes(bySignal(key)),
  );
  expect(unused).toEqual([]);
});
