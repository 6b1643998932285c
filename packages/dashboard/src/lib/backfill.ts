/** How a provider's API is asked for what it sent, as fields of a form and back. */
import type { components } from "../api/schema.ts";
import type { FormValues } from "../components/form.tsx";

export type BackfillSettings = components["schemas"]["BackfillSettingsOut"];
export type BackfillSettingsIn = components["schemas"]["BackfillSettingsIn"];
export type BackfillRun = components["schemas"]["BackfillRunOut"];

/** Types of sources whose providers have an API for it. */
export const BACKFILL_PROVIDERS = ["github", "stripe"] as const satisfies readonly BackfillSettings["provider"][];
export type BackfillProvider = (typeof BACKFILL_PROVIDERS)[number];

export function backfillProviderOf(type: string): BackfillProvider | null {
  return BACKFILL_PROVIDERS.find((name) => name === type) ?? null;
}

/** What is set, as the text of a field. */
export function settingText(settings: BackfillSettings | null, name: string): string {
  const value = settings?.settings[name];
  if (Array.isArray(value)) return value.join(", ");
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** The `PUT` for what stands in the form; the token stays when its field is empty. */
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

/** How far a run got with what was missed, 0 to 100; `null` while that is not known. */
export function runPercent({ state, dryRun, missing, fetched, redelivered, duplicates }: BackfillRun): number | null {
  if (state === "finished") return 100;
  if (dryRun || missing === 0) return null;
  return Math.min(100, Math.round(((fetched + redelivered + duplicates) / missing) * 100));
}
