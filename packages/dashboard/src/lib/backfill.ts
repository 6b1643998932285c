/** How a provider's API is asked for what it sent, as fields of a form and back. */
import type { components } from "../api/schema.ts";
import type { FormValues } from "../components/form.tsx";

export type Reconciliation = components["schemas"]["ReconciliationOut"];
export type ReconciliationIn = components["schemas"]["ReconciliationIn"];
export type ReconcileRun = components["schemas"]["ReconcileRunOut"];

/** Types of sources whose providers have an API for it. */
export const RECONCILED = ["github", "stripe"] as const satisfies readonly Reconciliation["provider"][];
export type Reconciled = (typeof RECONCILED)[number];

export function reconciledOf(type: string): Reconciled | null {
  return RECONCILED.find((name) => name === type) ?? null;
}

/** What is set, as the text of a field. */
export function settingText(reconciliation: Reconciliation | null, name: string): string {
  const value = reconciliation?.settings[name];
  if (Array.isArray(value)) return value.join(", ");
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** The `PUT` for what stands in the form; the token stays when its field is empty. */
export function reconciliationFromForm(provider: Reconciled, values: FormValues): ReconciliationIn {
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
export function runPercent({ state, dryRun, missing, fetched, redelivered, already }: ReconcileRun): number | null {
  if (state === "finished") return 100;
  if (dryRun || missing === 0) return null;
  return Math.min(100, Math.round(((fetched + redelivered + already) / missing) * 100));
}
