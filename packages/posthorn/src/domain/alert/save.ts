/** Creates, changes, deletes, lists and tests alert rules. */
import { invalid, notFound, PosthornError } from "../../lib/errors.ts";
import { requireWholeOrganisation } from "../access.ts";
import { atomically, type Call, type Context, reader } from "../context.ts";
import { findApplication } from "../application/find.ts";
import { findEndpoint } from "../endpoint/find.ts";
import { OPERATIONAL_UID, operational } from "../operational/operational.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage } from "../paging.ts";
import { alertEvent } from "./message.ts";
import { checkQuietHours } from "./quiet-hours.ts";
import {
  type AlertRule,
  type AlertRuleFields,
  type AlertTarget,
  checkParams,
  ruleColumns,
  toAlertRule,
} from "./rule.ts";

/** Maximum number of rules of an organisation. */
const MAX_RULES = 100;

export interface AlertRuleInput extends Omit<AlertRuleFields, "targets"> {
  /** Ids or uids of operational endpoints. */
  readonly targets: readonly string[];
}

export interface AlertRuleRef {
  readonly rule: string;
}

export function createAlertRule(call: Call<AlertRuleInput>): Promise<AlertRule> {
  return atomically(call, async ({ ctx, input }) => {
    requireWholeOrganisation(ctx.actor);
    const { db } = ctx.tx;
    const { count } = await db
      .selectFrom("alert_rule")
      .select((eb) => eb.fn.countAll<number>().as("count"))
      .where("org_id", "=", ctx.actor.orgId)
      .executeTakeFirstOrThrow();
    if (count >= MAX_RULES)
      throw new PosthornError("limit_reached", `An organisation can have ${MAX_RULES} alert rules.`);
    const fields = await checked(ctx, input);
    const { key, id } = ctx.services.ids.next("alr_");
    const at = ctx.services.now();
    const row = {
      id: key,
      public_id: id,
      org_id: ctx.actor.orgId,
      ...ruleColumns(fields),
      sent_at: null,
      created_at: at,
      updated_at: at,
    };
    await db.insertInto("alert_rule").values(row).execute();
    ctx.audit?.created("alert-rule", id, fields.name);
    return toAlertRule(row);
  });
}

/** Changes a rule. A change of the kind or of the targets deletes its alerts, which are raised again if they are still true. */
export function patchAlertRule(
  call: Call<AlertRuleRef & { readonly change: Partial<AlertRuleInput> }>,
): Promise<AlertRule> {
  return atomically(call, async ({ ctx, input }) => {
    const before = await getAlertRule({ ctx, input });
    const { params, ...change } = input.change;
    const isOtherKind = change.kind !== undefined && change.kind !== before.kind;
    const targets = before.targets.map(({ id }) => id);
    const merged = { ...before, targets, ...change, params: { ...(isOtherKind ? {} : before.params), ...params } };
    // Targets that were deleted since must not keep a rule from being changed or disabled.
    const fields = await checked(ctx, merged, change.targets === undefined ? before.targets : null);
    ctx.audit?.changed(shown(before), shown(fields));
    const at = ctx.services.now();
    const { db } = ctx.tx;
    await db
      .updateTable("alert_rule")
      .set({ ...ruleColumns(fields), updated_at: at })
      .where("id", "=", before.key)
      .execute();
    if (isOtherKind || change.targets !== undefined || !fields.enabled) {
      await db.deleteFrom("alert").where("rule_id", "=", before.key).execute();
    }
    return { ...before, ...fields, updatedAt: at };
  });
}

function shown({ targets, ...fields }: AlertRuleFields): object {
  const { name, kind, params, quietHours, digest, enabled } = fields;
  return { name, kind, params, quietHours, digest, enabled, targets: targets.map(({ id }) => id) };
}

export function deleteAlertRule(call: Call<AlertRuleRef>): Promise<void> {
  return atomically(call, async ({ ctx, input }) => {
    const { key } = await getAlertRule({ ctx, input });
    await ctx.tx.db.deleteFrom("alert").where("rule_id", "=", key).execute();
    await ctx.tx.db.deleteFrom("alert_rule").where("id", "=", key).execute();
  });
}

/** Sends a test message to the targets of a rule. */
export function testAlertRule(call: Call<AlertRuleRef>): Promise<void> {
  return atomically(call, async ({ ctx, input }) => {
    const rule = await getAlertRule({ ctx, input });
    const { id } = ctx.services.ids.next("alrt_");
    const content = {
      title: `Test of the alert rule "${rule.name}"`,
      text: "This is a test. No action is needed.",
      severity: "info",
      path: "/settings?tab=alerts",
    } as const;
    const event = alertEvent(ctx.services, rule, [{ id, content, status: "firing" }], { isTest: true });
    await ctx.services.operational.announce(ctx.tx, event);
  });
}

export async function listAlertRules({ ctx, input }: Call<PageRequest>): Promise<Page<AlertRule>> {
  requireWholeOrganisation(ctx.actor);
  const page = await readPage(input, { order: "desc", keyOf: idIterator("alr_") }, (slice) => {
    let query = rules(ctx).orderBy("id", slice.order).limit(slice.limit);
    if (slice.from !== null) query = query.where("id", comparison(slice.order), slice.from);
    return query.execute();
  });
  return { ...page, rows: page.rows.map(toAlertRule) };
}

export async function getAlertRule({ ctx, input }: Call<AlertRuleRef>): Promise<AlertRule> {
  requireWholeOrganisation(ctx.actor);
  const key = idIterator("alr_")(input.rule);
  const row =
    key === null
      ? undefined
      : await rules(ctx).where("id", "=", key).where("public_id", "=", input.rule).executeTakeFirst();
  if (row === undefined) throw notFound("alert rule");
  ctx.audit?.found(input.rule, row.public_id, row.name);
  return toAlertRule(row);
}

function rules(ctx: Context) {
  return reader(ctx).selectFrom("alert_rule").selectAll().where("org_id", "=", ctx.actor.orgId);
}

/** @param known Targets that are not looked up; `null`: look up those of the input. */
async function checked(
  ctx: Context,
  input: AlertRuleInput,
  known: readonly AlertTarget[] | null = null,
): Promise<AlertRuleFields> {
  checkQuietHours(input.quietHours);
  const { name, kind, quietHours, digest, enabled } = input;
  const targets = known ?? (await findTargets(ctx, input.targets));
  return { name, kind, params: checkParams(kind, input.params), targets, quietHours, digest, enabled };
}

async function findTargets(ctx: Context, refs: readonly string[]): Promise<readonly AlertTarget[]> {
  const application = await findApplication(operational(ctx), OPERATIONAL_UID);
  const found = new Map<number, AlertTarget>();
  for (const [index, ref] of refs.entries()) {
    const endpoint = application === null ? null : await findEndpoint(operational(ctx), application, ref);
    if (endpoint === null) {
      throw invalid(["body", "targets", `[${index}]`], `There is no operational webhook endpoint "${ref}".`);
    }
    found.set(endpoint.key, { key: endpoint.key, id: endpoint.id });
  }
  return [...found.values()];
}
