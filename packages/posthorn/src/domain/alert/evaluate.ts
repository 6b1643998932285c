/** Evaluates the alert rules of an organisation, and sends what has changed. */
import type { Selectable } from "kysely";
import type { AlertTable } from "../../store/alert-schema.ts";
import type { Tx } from "../../store/tx.ts";
import { systemActor } from "../access.ts";
import type { OutsideContext, Services } from "../context.ts";
import { evaluateCondition, type Firing, MAX_FIRING } from "./conditions.ts";
import { type AlertContent, alertEvent, type ShownAlert } from "./message.ts";
import { isQuiet } from "./quiet-hours.ts";
import { type AlertRule, type Digest, toAlertRule } from "./rule.ts";

/** An alert is resolved when its condition has not been true for this long, so that a brief recovery does not send two messages. */
export const CLEAR_MS = 300_000;
/** More changes of one rule in one round are sent as one message. */
export const MAX_SINGLE = 5;
/** Shortest time between two messages. */
export const PERIOD_MS: Readonly<Record<Digest, number>> = { off: 0, hourly: 3_600_000, daily: 86_400_000 };

/** Evaluates all rules. A failing one does not keep the others from being evaluated. */
export async function evaluateAlerts(services: Services, onFailure: (error: unknown) => void): Promise<void> {
  const rows = await services.store.db
    .selectFrom("alert_rule as r")
    .innerJoin("organisation as o", "o.id", "r.org_id")
    .selectAll("r")
    .select("o.public_id as org_public_id")
    .where("r.enabled", "=", 1)
    .orderBy("r.id")
    .execute();
  for (const row of rows) {
    const ctx: OutsideContext = { services, actor: systemActor(row.org_id, row.org_public_id), tx: null };
    try {
      await evaluateRule(ctx, toAlertRule(row));
    } catch (error) {
      onFailure(error);
    }
  }
}

/** Evaluates one rule: what has changed is stored, and its messages are announced, in one transaction. */
export async function evaluateRule(ctx: OutsideContext, rule: AlertRule): Promise<void> {
  const { services } = ctx;
  const firing = (await evaluateCondition(ctx, rule.kind, rule.params)).slice(0, MAX_FIRING);
  const stored = await services.store.db.selectFrom("alert").selectAll().where("rule_id", "=", rule.key).execute();
  const now = services.now();
  const isLate = rule.sentAt !== null && now - rule.sentAt < PERIOD_MS[rule.digest];
  const changes = changesOf(stored, firing, { now, isDelayed: isLate || isQuiet(rule.quietHours, now) });
  if (changes.length === 0) return;
  await services.store.transaction(async (tx) => {
    const current = await tx.db
      .selectFrom("alert_rule")
      .select("updated_at")
      .where("id", "=", rule.key)
      .where("enabled", "=", 1)
      .executeTakeFirst();
    // It was changed or deleted in the meantime: the next round evaluates its new state.
    if (current?.updated_at !== rule.updatedAt) return;
    const sent: ShownAlert[] = [];
    for (const change of changes) {
      const shown = await apply(services, tx, rule, change, now);
      if (shown !== null) sent.push(shown);
    }
    if (sent.length === 0) return;
    await send(services, tx, rule, sent);
    await tx.db.updateTable("alert_rule").set({ sent_at: now }).where("id", "=", rule.key).execute();
  }, "alert.evaluate");
}

type Row = Selectable<AlertTable>;

/** The stored fields of an alert that decide what changes. */
export interface StoredAlert {
  readonly subject: string;
  readonly notified_at: number | null;
  readonly cleared_at: number | null;
}

/** A change of the stored alerts. `notify`: it is reported. */
export type AlertChange<Stored extends StoredAlert, Found extends { readonly subject: string }> =
  | { readonly kind: "raise"; readonly firing: Found; readonly notify: boolean }
  | { readonly kind: "notify"; readonly row: Stored; readonly firing: Found }
  | { readonly kind: "clear"; readonly row: Stored }
  | { readonly kind: "return"; readonly row: Stored }
  | { readonly kind: "end"; readonly row: Stored; readonly notify: boolean };

type Change = AlertChange<Row, Firing>;

interface Now {
  readonly now: number;
  /** Whether nothing is sent now, because of quiet hours or because the next digest is not due. */
  readonly isDelayed: boolean;
}

/** Compares the alerts of a rule with those that apply now. */
export function changesOf<Stored extends StoredAlert, Found extends { readonly subject: string }>(
  rows: readonly Stored[],
  firing: readonly Found[],
  { now, isDelayed }: Now,
): readonly AlertChange<Stored, Found>[] {
  const known = new Map(rows.map((row) => [row.subject, row]));
  const changes: AlertChange<Stored, Found>[] = [];
  for (const one of firing) {
    const row = known.get(one.subject);
    known.delete(one.subject);
    if (row === undefined) changes.push({ kind: "raise", firing: one, notify: !isDelayed });
    else if (row.notified_at === null && !isDelayed) changes.push({ kind: "notify", row, firing: one });
    else if (row.cleared_at !== null) changes.push({ kind: "return", row });
  }
  for (const row of known.values()) {
    if (row.cleared_at === null) changes.push({ kind: "clear", row });
    // Its beginning was not reported either.
    else if (row.notified_at === null) changes.push({ kind: "end", row, notify: false });
    else if (now - row.cleared_at >= CLEAR_MS && !isDelayed) changes.push({ kind: "end", row, notify: true });
  }
  return changes;
}

/** Stores a change. Returns what to send; `null`: nothing. */
async function apply(
  services: Services,
  { db }: Tx,
  rule: AlertRule,
  change: Change,
  now: number,
): Promise<ShownAlert | null> {
  if (change.kind === "raise") {
    const { key, id } = services.ids.next("alrt_");
    const { subject, content } = change.firing;
    const notified_at = change.notify ? now : null;
    const row = { id: key, public_id: id, rule_id: rule.key, subject, content_json: JSON.stringify(content) };
    await db
      .insertInto("alert")
      .values({ ...row, notified_at, cleared_at: null })
      .execute();
    return change.notify ? { id, content, status: "firing" } : null;
  }
  const { row } = change;
  const id = row.public_id;
  if (change.kind === "end") {
    await db.deleteFrom("alert").where("id", "=", row.id).execute();
    const content = JSON.parse(row.content_json) as AlertContent;
    return change.notify ? { id, content, status: "resolved" } : null;
  }
  const columns = {
    clear: { cleared_at: now },
    return: { cleared_at: null },
    notify: { cleared_at: null, notified_at: now },
  }[change.kind];
  await db.updateTable("alert").set(columns).where("id", "=", row.id).execute();
  return change.kind === "notify" ? { id, content: change.firing.content, status: "firing" } : null;
}

async function send(services: Services, tx: Tx, rule: AlertRule, sent: readonly ShownAlert[]): Promise<void> {
  const isDigest = rule.digest !== "off" || sent.length > MAX_SINGLE;
  const groups = isDigest ? [sent] : sent.map((one) => [one]);
  for (const group of groups) {
    await services.operational.announce(tx, alertEvent(services, rule, group, { isDigest }));
  }
}
