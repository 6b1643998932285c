/** Alert rules: a condition, its thresholds, whom to notify, and when not to. */
import type { Selectable } from "kysely";
import { invalid } from "../../lib/errors.ts";
import type { AlertRuleTable } from "../../store/alert-schema.ts";

/** A threshold of a kind of rule. */
interface Threshold {
  readonly default: number;
  readonly minimum: number;
  readonly maximum: number;
}

const minutes = (value: number): Threshold => ({ default: value, minimum: 1, maximum: 10_080 });
const recentMinutes = (value: number): Threshold => ({ default: value, minimum: 5, maximum: 180 });
const count = (value: number): Threshold => ({ default: value, minimum: 1, maximum: 1_000_000 });
const days = (value: number): Threshold => ({ default: value, minimum: 1, maximum: 365 });

/** Kinds of rules with their thresholds. The names are those of the HTTP API. */
export const ALERT_KINDS = {
  "endpoint-failing": { minutes: minutes(10) },
  "circuit-open": {},
  "success-rate": { percent: { default: 95, minimum: 1, maximum: 100 }, minutes: recentMinutes(15), count: count(20) },
  "retries-exhausted": { count: count(1), minutes: recentMinutes(60) },
  "backlog-age": { minutes: minutes(15) },
  incident: { count: count(1) },
  "source-inactive": {},
  quarantine: { count: count(10), minutes: recentMinutes(15) },
  "certificate-expiry": { days: days(14) },
  disk: { days: days(14) },
} as const satisfies Readonly<Record<string, Readonly<Partial<Record<ThresholdName, Threshold>>>>>;

export type AlertKind = keyof typeof ALERT_KINDS;
export type ThresholdName = "minutes" | "percent" | "count" | "days";
export type AlertParams = Readonly<Partial<Record<ThresholdName, number>>>;

export const ALERT_KIND_NAMES = Object.keys(ALERT_KINDS) as readonly AlertKind[];
export const DIGESTS = ["off", "hourly", "daily"] as const;
export type Digest = (typeof DIGESTS)[number];

/** Hours in which nothing is sent. Alerts that are still true at their end are sent then. */
export interface QuietHours {
  /** `HH:MM`, in the time zone. */
  readonly from: string;
  readonly until: string;
  /** IANA name. */
  readonly timeZone: string;
}

/** An operational endpoint that receives the alerts of a rule. */
export interface AlertTarget {
  readonly key: number;
  readonly id: string;
}

export interface AlertRuleFields {
  readonly name: string;
  readonly kind: AlertKind;
  readonly params: AlertParams;
  readonly targets: readonly AlertTarget[];
  readonly quietHours: QuietHours | null;
  readonly digest: Digest;
  readonly enabled: boolean;
}

/** Times are Unix milliseconds. */
export interface AlertRule extends AlertRuleFields {
  readonly key: number;
  readonly id: string;
  readonly orgId: number;
  readonly sentAt: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export function toAlertRule(row: Selectable<AlertRuleTable>): AlertRule {
  return {
    key: row.id,
    id: row.public_id,
    orgId: row.org_id,
    name: row.name,
    kind: row.kind as AlertKind,
    params: JSON.parse(row.params_json) as AlertParams,
    targets: JSON.parse(row.targets_json) as AlertTarget[],
    quietHours: row.quiet_json === null ? null : (JSON.parse(row.quiet_json) as QuietHours),
    digest: row.digest as Digest,
    enabled: row.enabled === 1,
    sentAt: row.sent_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

export function ruleColumns(fields: AlertRuleFields) {
  return {
    name: fields.name,
    kind: fields.kind,
    params_json: JSON.stringify(fields.params),
    targets_json: JSON.stringify(fields.targets),
    quiet_json: fields.quietHours === null ? null : JSON.stringify(fields.quietHours),
    digest: fields.digest,
    enabled: fields.enabled ? 1 : 0,
  };
}

/** Checks the thresholds, and adds the defaults of those that are missing. */
export function checkParams(kind: AlertKind, params: AlertParams): AlertParams {
  const thresholds: Readonly<Partial<Record<ThresholdName, Threshold>>> = ALERT_KINDS[kind];
  const checked: Partial<Record<ThresholdName, number>> = {};
  for (const [name, value] of Object.entries(params)) {
    const threshold = thresholds[name as ThresholdName];
    const path = ["body", "params", name];
    if (threshold === undefined) throw invalid(path, `A rule of the kind "${kind}" has no threshold "${name}".`);
    if (value < threshold.minimum || value > threshold.maximum) {
      throw invalid(path, `Must be from ${threshold.minimum} to ${threshold.maximum}.`);
    }
  }
  for (const [name, threshold] of Object.entries(thresholds)) {
    checked[name as ThresholdName] = params[name as ThresholdName] ?? threshold.default;
  }
  return checked;
}
