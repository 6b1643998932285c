/** Sources of the type `cron` of the compatible API. They are schedules. */
import type { ConfigInput } from "../../fields/config.ts";
import type { KindConfig } from "../../fields/field.ts";
import { invalid } from "../../lib/errors.ts";

export const CRON_TYPE = "cron";
export const CRON_KIND = "schedule";

const NAMES: Readonly<Record<string, string>> = { schedule: "cron", payload: "payload", contentType: "contentType" };

/** The configuration of the schedule. */
export function cronConfig(config: Readonly<Record<string, unknown>>): ConfigInput {
  const given = Object.entries(config);
  const unknown = given.find(([name]) => !Object.hasOwn(NAMES, name));
  if (unknown !== undefined) {
    throw invalid(["body", "config", unknown[0]], `Sources of the type cron have ${Object.keys(NAMES).join(", ")}.`);
  }
  for (const name of ["schedule", "payload"]) {
    if (typeof config[name] !== "string") throw invalid(["body", "config", name], "This field is required.");
  }
  return Object.fromEntries(given.map(([name, value]) => [NAMES[name]!, value]));
}

export function cronConfigOut(config: KindConfig): object {
  return Object.fromEntries(Object.entries(NAMES).map(([name, field]) => [name, config[field] ?? null]));
}
