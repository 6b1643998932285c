/** Messages about alerts, as operational events for the targets of their rule. */
import type { OperationalEvent } from "../operational/events.ts";
import type { TransactionServices } from "../context.ts";
import type { AlertRule } from "./rule.ts";

export type AlertSeverity = "critical" | "error" | "warning" | "info";

/** What an alert says. */
export interface AlertContent {
  readonly title: string;
  readonly text: string;
  readonly severity: AlertSeverity;
  /** Path of its page in the dashboard. */
  readonly path: string;
}

export interface ShownAlert {
  readonly id: string;
  readonly content: AlertContent;
  readonly status: "firing" | "resolved";
}

/** Maximum number of alerts that a digest lists. */
const MAX_LISTED = 50;

/** One message: of a single alert, or a digest of several. Contains names and hosts, but no URLs of endpoints, which can contain secrets. */
export function alertEvent(
  { rules }: Pick<TransactionServices, "rules">,
  rule: AlertRule,
  alerts: readonly ShownAlert[],
  { isTest = false, isDigest = false }: { readonly isTest?: boolean; readonly isDigest?: boolean } = {},
): OperationalEvent {
  const { orgId, id, name, kind, targets } = rule;
  const common = { rule: { id, name, kind }, ...(isTest ? { test: true } : {}) };
  const to = { orgId, targets: targets.map(({ key }) => key) };
  const [first] = alerts;
  if (!isDigest && alerts.length === 1) {
    const type = first!.status === "firing" ? "alert.triggered" : "alert.resolved";
    return { ...to, type, data: { ...alertData(rules, first!), ...common } };
  }
  const firing = alerts.filter(({ status }) => status === "firing");
  const status = firing.length > 0 ? "firing" : "resolved";
  return {
    ...to,
    type: "alert.digest",
    data: {
      alertId: id,
      status,
      severity: status === "resolved" ? "success" : firing[0]!.content.severity,
      title: `${name}: ${firing.length} firing, ${alerts.length - firing.length} resolved`,
      text: alerts
        .slice(0, MAX_LISTED)
        .map((alert) => `${alert.status === "firing" ? "Firing" : "Resolved"}: ${alert.content.title}`)
        .join("\n"),
      ...linkTo(rules, "/settings?tab=alerts"),
      alerts: alerts.slice(0, MAX_LISTED).map((alert) => alertData(rules, alert)),
      more: Math.max(0, alerts.length - MAX_LISTED),
      ...common,
    },
  };
}

function alertData(rules: TransactionServices["rules"], { id, content, status }: ShownAlert): object {
  const { title, text, severity, path } = content;
  return {
    alertId: id,
    status,
    severity: status === "resolved" ? "success" : severity,
    title: status === "resolved" ? `Resolved: ${title}` : title,
    text,
    ...linkTo(rules, path),
  };
}

function linkTo({ publicUrl }: TransactionServices["rules"], path: string): { readonly link?: string } {
  const base = publicUrl();
  return base === "" ? {} : { link: `${base}${path}` };
}
