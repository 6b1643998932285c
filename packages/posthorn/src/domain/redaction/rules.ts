/** Redaction rules of an organisation: create, read, change and delete. A change applies to messages that are accepted after it. */
import { randomBytes } from "node:crypto";
import { invalid, notFound, PosthornError } from "../../lib/errors.ts";
import { keyOfId } from "../../lib/id.ts";
import { compileRule, type RedactionAction, type RedactionRule, RedactionRuleError } from "../../redaction/rule.ts";
import { sealedIn } from "../../store/sealed-columns.ts";
import type { Tx } from "../../store/tx.ts";
import { visibleApplications } from "../access.ts";
import { getApplication } from "../application/find.ts";
import { atomically, type Call, type Context, reader, write } from "../context.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage } from "../paging.ts";
import { getSource } from "../source/find.ts";

/** Rules of one organisation. */
const MAX_RULES = 100;

export interface StoredRule extends RedactionRule {
  readonly key: number;
  readonly id: string;
  readonly description: string;
  /** The application or source that it is limited to; both `null`: none. */
  readonly appId: string | null;
  readonly sourceId: string | null;
  readonly disabled: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What can be changed. */
export type RuleFields = RedactionRule & Pick<StoredRule, "description" | "disabled">;

/** ID or uid of the application or source that the rule is limited to; both `null`: not limited. */
export interface RuleScope {
  readonly app: string | null;
  readonly source: string | null;
}

export async function createRule({
  ctx,
  input,
}: Call<{ readonly fields: RuleFields; readonly scope: RuleScope }>): Promise<StoredRule> {
  checkRule(input.fields);
  const scope = await scopeOf(ctx, input.scope);
  const { key, id } = ctx.services.ids.next("redact_");
  const now = ctx.services.now();
  await write(ctx, async (tx) => {
    const { rules } = await tx.db
      .selectFrom("redaction_rule")
      .select((eb) => eb.fn.countAll<number>().as("rules"))
      .where("org_id", "=", ctx.actor.orgId)
      .executeTakeFirstOrThrow();
    if (rules >= MAX_RULES) {
      throw new PosthornError("limit_reached", `An organisation can have up to ${MAX_RULES} redaction rules.`);
    }
    await ensureKey(ctx, tx);
    await tx.db
      .insertInto("redaction_rule")
      .values({
        id: key,
        public_id: id,
        org_id: ctx.actor.orgId,
        app_id: scope.key,
        ...columnsOf(input.fields),
        created_at: now,
        updated_at: now,
      })
      .execute();
    ctx.audit?.created("redaction-rule", id);
    announce(tx, scope.key);
  });
  const { appId, sourceId } = scope;
  return { ...input.fields, key, id, appId, sourceId, createdAt: now, updatedAt: now };
}

export interface ListRules extends PageRequest {
  /** Only rules that apply to this application or source; both `null`: all. */
  readonly scope: RuleScope;
}

/** Newest first. */
export async function listRules({ ctx, input }: Call<ListRules>): Promise<Page<StoredRule>> {
  const { key } = await scopeOf(ctx, input.scope);
  const visible = visibleApplications(ctx.actor);
  return readPage(input, { order: "desc", keyOf: idIterator("redact_") }, async (slice) => {
    let query = selectRules(ctx).orderBy("r.id", slice.order).limit(slice.limit);
    if (key !== null) query = query.where((eb) => eb.or([eb("r.app_id", "is", null), eb("r.app_id", "=", key)]));
    if (visible !== null) {
      query = query.where((eb) => eb.or([eb("r.app_id", "is", null), eb("r.app_id", "in", visible)]));
    }
    if (slice.from !== null) query = query.where("r.id", comparison(slice.order), slice.from);
    return (await query.execute()).map(toRule);
  });
}

export interface RuleRef {
  readonly rule: string;
  /** The application that the rule must be limited to; `null`: any rule. */
  readonly app: string | null;
}

export async function getRule({ ctx, input }: Call<RuleRef>): Promise<StoredRule> {
  return toRule(await findRow(ctx, input));
}

export async function patchRule(call: Call<RuleRef & { readonly changes: Partial<RuleFields> }>): Promise<StoredRule> {
  return atomically(call, async ({ ctx, input }) => {
    const row = await findRow(ctx, input);
    const before = toRule(row);
    const after = { ...before, ...input.changes, updatedAt: ctx.services.now() };
    checkRule(after);
    await ctx.tx.db
      .updateTable("redaction_rule")
      .set({ ...columnsOf(after), updated_at: after.updatedAt })
      .where("id", "=", row.id)
      .execute();
    ctx.audit?.found(input.rule, row.public_id, null);
    ctx.audit?.changed(columnsOf(before), columnsOf(after));
    announce(ctx.tx, row.app_id);
    return after;
  });
}

export async function deleteRule({ ctx, input }: Call<RuleRef>): Promise<void> {
  const row = await findRow(ctx, input);
  await write(ctx, async (tx) => {
    await tx.db.deleteFrom("redaction_rule").where("id", "=", row.id).execute();
    announce(tx, row.app_id);
  });
}

/** Throws `validation` for a rule that cannot be applied. */
export function checkRule(rule: RedactionRule): void {
  if ((rule.path === null) === (rule.pattern === null)) {
    throw invalid(["body", "path"], "Set either path or pattern.", "redaction_target");
  }
  try {
    compileRule(rule);
  } catch (error) {
    if (error instanceof RedactionRuleError) throw invalid(["body", error.field], error.message);
    throw error;
  }
}

interface FoundScope {
  readonly key: number | null;
  readonly appId: string | null;
  readonly sourceId: string | null;
}

/** The application or source of a rule. */
export async function scopeOf(ctx: Context, { app, source }: RuleScope): Promise<FoundScope> {
  if (app !== null && source !== null) throw invalid(["body", "sourceId"], "Set either appId or sourceId.");
  if (app !== null) {
    const { key, id } = await getApplication(ctx, app);
    return { key, appId: id, sourceId: null };
  }
  if (source !== null) {
    const { key, id } = await getSource(ctx, source);
    return { key, appId: null, sourceId: id };
  }
  return { key: null, appId: null, sourceId: null };
}

function selectRules(ctx: Context) {
  return reader(ctx)
    .selectFrom("redaction_rule as r")
    .leftJoin("application as a", "a.id", "r.app_id")
    .leftJoin("source as s", "s.id", "r.app_id")
    .selectAll("r")
    .select(["a.public_id as app", "s.public_id as source"])
    .where("r.org_id", "=", ctx.actor.orgId)
    .where("a.deleted_at", "is", null);
}

type RuleRow = Awaited<ReturnType<typeof findRow>>;

async function findRow(ctx: Context, { rule: id, app }: RuleRef) {
  const application = app === null ? null : await getApplication(ctx, app);
  const row = await selectRules(ctx)
    .where("r.id", "=", keyOfId("redact_", id) ?? -1)
    .where("r.public_id", "=", id)
    .executeTakeFirst();
  const visible = visibleApplications(ctx.actor);
  const isVisible = row !== undefined && (row.app_id === null || visible === null || visible.includes(row.app_id));
  const isInScope = application === null || row?.app_id === application.key;
  if (!isVisible || !isInScope) throw notFound("redaction rule");
  return row;
}

function toRule(row: RuleRow): StoredRule {
  return {
    key: row.id,
    id: row.public_id,
    description: row.description,
    appId: row.source === null ? row.app : null,
    sourceId: row.source,
    path: row.path,
    pattern: row.pattern,
    action: row.action as RedactionAction,
    eventTypes: row.event_types_json === null ? null : (JSON.parse(row.event_types_json) as string[]),
    keepExactMs: row.keep_exact_ms,
    disabled: row.disabled === 1,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function columnsOf({ description, path, pattern, action, eventTypes, keepExactMs, disabled }: RuleFields) {
  return {
    description,
    path,
    pattern,
    action,
    event_types_json: eventTypes === null ? null : JSON.stringify(eventTypes),
    keep_exact_ms: keepExactMs,
    disabled: disabled ? 1 : 0,
  };
}

/** Creates the key that hashes values. It is never replaced, so that equal values stay equal. */
async function ensureKey({ actor: { orgId }, services: { secretBox } }: Context, { db }: Tx): Promise<void> {
  const key_sealed = secretBox.sealBytes(randomBytes(32), sealedIn("redaction_key.key_sealed", orgId));
  await db
    .insertInto("redaction_key")
    .values({ org_id: orgId, key_sealed })
    .onConflict((conflict) => conflict.column("org_id").doNothing())
    .execute();
}

/** All nodes load the rules again. */
function announce({ signal }: Tx, appKey: number | null): void {
  if (appKey === null) signal({ kind: "redaction" });
  else signal({ kind: "application", key: appKey });
}
