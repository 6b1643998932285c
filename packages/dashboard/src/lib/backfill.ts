/** Converts backfill settings to form fields and back. */
import type { components } from "../api/schema.ts";
import type { FormValues } from "../components/form.tsx";

export type BackfillSettings = components["schemas"]["BackfillSettingsOut"];
export type BackfillSettingsIn = components["schemas"]["BackfillSettingsIn"];
export type BackfillRun = components["schemas"]["BackfillRunOut"];

/** Source types with backfill. */
export const BACKFILL_PROVIDERS = ["github", "stripe"] as const satisfies readonly BackfillSettings["provider"][];
export type BackfillProvider = (typeof BACKFILL_PROVIDERS)[number];

export function backfillProviderOf(type: string): BackfillProvider | null {
  return BACKFILL_PROVIDERS.find((name) => name === type) ?? null;
}

/** A stored setting as the text of its field. */
export function settingText(settings: BackfillSettings | null, name: string): string {
  const value = settings?.settings[name];
  if (Array.isArray(value)) return value.join(", ");
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** Builds the request body from the form. An empty token field keeps the stored token. */
export function backfillFromForm(provider: BackfillProvider, values: FormValues): BackfillSettingsIn {
  const { token = "", everyMinutes = "", apiUrl = "" } = values;
  const common = {
    everyMinutes: everyMinutes === "" ? null : Number(everyMinutes),
    ...(token.trim() === "" ? {} : { token: token.trim() }),
    ...(apiUrl.trim() === "" ? {} : { apiUrl: apiUrl.trim() }),
  };
  if (provider === "github") {
    const { owner = "", hookId, mode } = values;
    return {
      provider,
      owner: owner.trim(),
      hookId: Number(hookId),
      mode: mode === "fetch" ? "fetch" : "redeliver",
      ...common,
    };
  }
  const { account = "", eventTypes = "" } = values;
  const types = eventTypes.split(/[,\s]+/).filter((name) => name !== "");
  return { provider, account: account.trim() === "" ? null : account.trim(), eventTypes: types, ...common };
}

/** Progress of a run in percent; `null` while the number of missing events is unknown. */
export function runPercent({ state, dryRun, missing, fetched, redelivered, duplicates }: BackfillRun): number | null {
  if (state === "finished") return 100;
  if (dryRun || missing === 0) return null;
  return Math.min(100, Math.round(((fetched + redelivered + duplicates) / missing) * 100));
}
