import { timeOfKey } from "../../lib/id.ts";
import { requireWholeOrganisation } from "../access.ts";
import { type Call, reader } from "../context.ts";
import type { AlertContent } from "./message.ts";

/** An alert whose condition is true, or was until a moment ago. Times are Unix milliseconds. */
export interface Alert extends AlertContent {
  readonly id: string;
  readonly ruleId: string;
  readonly ruleName: string;
  readonly since: number;
  /** `null`: not yet, because of quiet hours or a digest. */
  readonly notifiedAt: number | null;
  readonly clearedAt: number | null;
}

const MAX_LISTED = 250;

/** Lists the alerts of the organisation, newest first. */
export async function listAlerts({ ctx }: Call<null>): Promise<readonly Alert[]> {
  requireWholeOrganisation(ctx.actor);
  const rows = await reader(ctx)
    .selectFrom("alert")
    .innerJoin("alert_rule as r", "r.id", "alert.rule_id")
    .selectAll("alert")
    .select(["r.public_id as ruleId", "r.name as ruleName"])
    .where("r.org_id", "=", ctx.actor.orgId)
    .orderBy("alert.id", "desc")
    .limit(MAX_LISTED)
    .execute();
  return rows.map((row) => ({
    ...(JSON.parse(row.content_json) as AlertContent),
    id: row.public_id,
    ruleId: row.ruleId,
    ruleName: row.ruleName,
    since: timeOfKey(row.id),
    notifiedAt: row.notified_at,
    clearedAt: row.cleared_at,
  }));
}
