import type { Alert } from "../../domain/alert/list.ts";
import type { AlertRule } from "../../domain/alert/rule.ts";
import { dateTime, dateTimeOrNull } from "../wire.ts";

export function alertRuleOut(rule: AlertRule): object {
  const { id, name, kind, params, targets, quietHours, digest, enabled } = rule;
  return {
    id,
    name,
    kind,
    params,
    targets: targets.map((target) => target.id),
    quietHours,
    digest,
    enabled,
    sentAt: dateTimeOrNull(rule.sentAt),
    createdAt: dateTime(rule.createdAt),
    updatedAt: dateTime(rule.updatedAt),
  };
}

export function alertOut({ since, notifiedAt, clearedAt, ...alert }: Alert): object {
  return {
    ...alert,
    since: dateTime(since),
    notifiedAt: dateTimeOrNull(notifiedAt),
    clearedAt: dateTimeOrNull(clearedAt),
  };
}
