/** Sources that Posthorn reads: their states, and their configuration as form fields. */
import type { Tone } from "../components/badge.tsx";
import type { FormValues } from "../components/form.tsx";
import { type ConfigValue, toConfig } from "./destination-config.ts";
import type { FormKind } from "./kind-texts.ts";
import type { Source, SourceIn } from "./source-form.ts";

/** Table sources are added on the command line, because their definition contains SQL. */
export const TABLE_KIND = "table";
export const WEBHOOK_KIND = "webhook";

/** States that a list can be filtered by. */
export const READ_STATES = ["running", "waiting", "failing", "paused"] as const;
export type ReadState = (typeof READ_STATES)[number] | "unavailable";

export const READ_TONES: Readonly<Record<ReadState, Tone>> = {
  running: "good",
  waiting: "good",
  failing: "bad",
  paused: "neutral",
  unavailable: "warn",
};

export function readStateOf(state: string): ReadState {
  return READ_STATES.find((known) => known === state) ?? "unavailable";
}

/** Type of schedules of the compatible API. Its configuration has other names. */
const CRON = "cron";
const CRON_NAMES = { schedule: "cron", payload: "payload", contentType: "contentType" } as const;

/** Event types of a source. A name in braces is replaced by that field of the configuration. */
export function eventTypesOf(source: Source, events: readonly { readonly type: string }[]): readonly string[] {
  return events.map(({ type }) => {
    const field = /^\{(\w+)\}$/.exec(type)?.[1];
    const value = field === undefined ? undefined : source.config[field];
    return typeof value === "string" ? value : type;
  });
}

/** Data for the form of a source: the fields of its kind, their values, and which secrets are set. */
export interface SourceConfigForm<Kind extends FormKind> {
  readonly kind: Kind;
  readonly config: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, boolean>>;
}

export function configForm<Kind extends FormKind>(source: Source, kind: Kind): SourceConfigForm<Kind> {
  const secrets = Object.fromEntries(
    kind.fields.flatMap(({ name, secret }) => (secret ? [[name, source.configured.includes(name)]] : [])),
  );
  if (source.type !== CRON) return { kind, config: source.config, secrets };
  const names: readonly string[] = Object.values(CRON_NAMES);
  const fields = kind.fields.filter(({ name }) => names.includes(name));
  const config = Object.fromEntries(Object.entries(CRON_NAMES).map(([name, field]) => [field, source.config[name]]));
  return { kind: { ...kind, fields }, config, secrets };
}

/** The request body for the settings in the form. */
export function sourceOfForm(source: Source, { kind }: SourceConfigForm<FormKind>, values: FormValues): SourceIn {
  const { name = "", uid = "", dailyQuota = "" } = values;
  const entered = toConfig(kind.fields, values);
  const config: Record<string, ConfigValue> =
    source.type === CRON
      ? Object.fromEntries(Object.entries(CRON_NAMES).map(([shown, field]) => [shown, entered[field] ?? null]))
      : entered;
  return {
    name: name.trim(),
    uid: uid.trim() === "" ? null : uid.trim(),
    type: source.type,
    kind: source.kind,
    config,
    metadata: source.metadata,
    dailyQuota: dailyQuota === "" ? null : Number(dailyQuota),
    expiresAt: source.expiresAt,
  };
}
