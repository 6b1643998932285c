/** Sets the policy of an endpoint or application. Invalid values are rejected here and not at each delivery. */
import { PosthornError } from "../../lib/errors.ts";
import { getApplication } from "../application/find.ts";
import type { ApplicationRef } from "../application/egress.ts";
import { atomically, type Call, type Context, write } from "../context.ts";
import { type EndpointRef, getEndpoint } from "../endpoint/find.ts";
import { requireVerifiable, requireWebhook } from "../endpoint/only-webhooks.ts";
import { applicationLayer, endpointLayer, type PolicyView, viewOf } from "./get.ts";
import type { PolicyLevel } from "./section.ts";
import { type Policy, SECTION_NAMES, type SectionName, sectionOf } from "./sections.ts";

/** A policy in a request. `null` stands for an omitted field, or removes it in a change. */
export type PolicyInput = { readonly [Name in SectionName]?: object | null };

export interface PolicyWrite {
  readonly policy: PolicyInput;
  /** `true`: omitted sections and fields are kept, and `null` removes one. `false`: the policy is replaced. */
  readonly change: boolean;
}

/** Sections about responses and signatures of HTTP requests, which kinds other than webhooks handle themselves. */
const WEBHOOK_SECTIONS = ["success", "signing"] as const;
const SECTION_SUBJECTS = {
  success: "Success rules",
  signing: "Signature styles",
} as const;

export function setEndpointPolicy(call: Call<EndpointRef & PolicyWrite>): Promise<PolicyView> {
  return atomically(call, async ({ ctx, input }) => {
    const { application, endpoint } = await getEndpoint(ctx, input);
    for (const name of WEBHOOK_SECTIONS) {
      if (input.policy[name]) requireWebhook(endpoint, ["body", name], SECTION_SUBJECTS[name]);
    }
    if (input.policy.verification) requireVerifiable(endpoint, ["body", "verification"]);
    const before = await endpointLayer(ctx, endpoint.key);
    const policy = nextPolicy(ctx, before.policy, input, "endpoint");
    ctx.audit?.changed(before.policy, policy);
    await write(ctx, async ({ db, signal }) => {
      const columns = { policy_json: jsonOf(policy), updated_at: ctx.services.now() };
      await db.updateTable("endpoint").set(columns).where("id", "=", endpoint.key).execute();
      signal({ kind: "application", key: application.key }, { kind: "wake", endpointId: endpoint.key });
    });
    return viewOf(ctx, await applicationLayer(ctx, application.key), { ...before, policy });
  });
}

export function setApplicationPolicy(call: Call<ApplicationRef & PolicyWrite>): Promise<PolicyView> {
  return atomically(call, async ({ ctx, input }) => {
    const { key } = await getApplication(ctx, input.app);
    const before = await applicationLayer(ctx, key);
    const policy = nextPolicy(ctx, before.policy, input, "application");
    ctx.audit?.changed(before.policy, policy);
    await write(ctx, async ({ db, signal }) => {
      const columns = { policy_json: jsonOf(policy), updated_at: ctx.services.now() };
      await db.updateTable("application").set(columns).where("id", "=", key).execute();
      signal({ kind: "application", key: key });
    });
    return viewOf(ctx, { ...before, policy }, null);
  });
}

/** Sections that the caller may not set stay unchanged when it replaces the policy. */
function nextPolicy(ctx: Context, before: Policy, { policy, change }: PolicyWrite, level: PolicyLevel): Policy {
  const next: Record<string, object> = {};
  for (const name of SECTION_NAMES) {
    const given = policy[name];
    if (given !== undefined) requireRight(ctx, name);
    const kept = change || !maySet(ctx, name);
    const below = kept && given !== null ? before[name] : undefined;
    const section = withoutNulls({ ...below, ...given });
    if (Object.keys(section).length === 0) continue;
    if (given !== undefined && given !== null) check(ctx, name, section, level);
    next[name] = section;
  }
  return next;
}

function maySet(ctx: Context, name: SectionName): boolean {
  const { actor } = ctx;
  if (actor.kind === "organisation") return true;
  const { tenant } = sectionOf(name);
  return tenant !== undefined && actor.capabilities.has(tenant);
}

function requireRight(ctx: Context, name: SectionName): void {
  if (maySet(ctx, name)) return;
  throw new PosthornError(
    "insufficient access",
    `This token cannot set the policy section ${name}. Use a token of the organisation.`,
  );
}

function check(ctx: Context, name: SectionName, given: object, level: PolicyLevel): void {
  const by = ctx.actor.kind;
  sectionOf(name).check?.(given, { path: ["body", name], level, by, defaults: ctx.services.rules.policyDefaults });
}

/** Validates one section from a request that is tried and not stored. Throws a 422. */
export function readSection<Name extends SectionName>(
  ctx: Context,
  name: Name,
  given: object,
): NonNullable<Policy[Name]> {
  const section = withoutNulls(given);
  check(ctx, name, section, "endpoint");
  return section;
}

function withoutNulls(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined));
}

function jsonOf(policy: Policy): string | null {
  return Object.keys(policy).length === 0 ? null : JSON.stringify(policy);
}
