/** Shows the effect of redaction rules on a payload. Nothing is stored. */
import { randomBytes } from "node:crypto";
import { type HashText, Redactor } from "../../redaction/redactor.ts";
import { compileRule, type RedactionRule } from "../../redaction/rule.ts";
import { APPLICATION_KIND } from "../../store/schema.ts";
import { type Call, type Context, reader } from "../context.ts";
import { checkPayloadSize } from "../message/prepare.ts";
import { findHash, hashWith, loadRedactor } from "./load.ts";
import { checkRule, type RuleScope, scopeOf } from "./rules.ts";

export interface TryRules {
  /** The rules to apply; `null`: those that are stored. */
  readonly rules: readonly RedactionRule[] | null;
  /** Scope for which the stored rules are looked up. */
  readonly scope: RuleScope;
  readonly payload: Uint8Array;
  readonly contentType: string;
  readonly eventType: string;
}

export interface Tried {
  /** As it would be stored. */
  readonly payload: Uint8Array;
  /** Number of redacted parts. */
  readonly parts: number;
  /** Whether the whole body is redacted, because a rule could not be applied. */
  readonly isWhole: boolean;
}

export async function tryRules({ ctx, input }: Call<TryRules>): Promise<Tried> {
  const { payload, contentType, eventType, rules, scope } = input;
  checkPayloadSize(ctx, payload);
  const redactor = rules === null ? await storedRedactor(ctx, scope) : await redactorOf(ctx, rules);
  const redaction = redactor?.redact(payload, contentType, eventType) ?? null;
  if (redaction === null) return { payload, parts: 0, isWhole: false };
  return { payload: redaction.body, parts: redaction.spans.length / 2, isWhole: redaction.isWhole };
}

async function storedRedactor(ctx: Context, scope: RuleScope): Promise<Redactor | null> {
  const { key } = await scopeOf(ctx, scope);
  const { orgId } = ctx.actor;
  return loadRedactor(reader(ctx), ctx.services.secretBox, {
    orgId,
    appKey: key ?? -1,
    kind: APPLICATION_KIND.customer,
  });
}

async function redactorOf(ctx: Context, rules: readonly RedactionRule[]): Promise<Redactor> {
  for (const rule of rules) checkRule(rule);
  return new Redactor(rules.map(compileRule), await hashOf(ctx));
}

/** The hash of the organisation. Without a stored rule it has none, so a random one shows the format. */
async function hashOf(ctx: Context): Promise<HashText> {
  return (await findHash(reader(ctx), ctx.services.secretBox, ctx.actor.orgId)) ?? hashWith(randomBytes(32));
}
