/** Kind and configuration of a source that is not a webhook. */
import { checkConfig } from "../../fields/config.ts";
import type { KindConfig } from "../../fields/field.ts";
import { invalid, PosthornError, ValidationError } from "../../lib/errors.ts";
import type { AnySourceKind } from "../../sources/kind.ts";
import { sourceKindNamed, WEBHOOK_SOURCE } from "../../sources/kinds.ts";
import { type Context, reader } from "../context.ts";
import type { Source, SourceInput } from "./source.ts";

/** Validates the configuration of a new source; `null`: webhooks have none. Throws a 422 that names the field. */
export async function newKindConfig(ctx: Context, input: SourceInput): Promise<KindConfig | null> {
  const declaration = declarationOf(ctx, input);
  if (declaration === null) return null;
  await refuseOverQuota(ctx);
  return checked(ctx, declaration, input, null);
}

/**
 * Validates a changed configuration. The kind never changes, because the cursor, the event types and the secrets belong to it. Secrets that the
 * input does not contain stay; other fields get their defaults.
 */
export function changedKindConfig(ctx: Context, existing: Source, input: SourceInput): KindConfig | null {
  if (input.kind !== existing.kind) {
    throw invalid(
      "kind",
      `The kind of a source cannot be changed: it is "${existing.kind}". Create another source, and delete this one.`,
    );
  }
  const declaration = declarationOf(ctx, input);
  if (declaration === null) return null;
  if (input.kindConfig === null && existing.kindConfig !== null) return existing.kindConfig;
  return checked(ctx, declaration, input, existing.kindConfig);
}

function declarationOf(ctx: Context, { kind }: SourceInput): AnySourceKind | null {
  if (kind === WEBHOOK_SOURCE) return null;
  const problem = ctx.services.rules.sourceKinds.problem(kind);
  if (problem !== null) throw invalid("kind", problem.sentence);
  return sourceKindNamed(kind)!;
}

function checked(
  ctx: Context,
  kind: AnySourceKind,
  { kindConfig }: SourceInput,
  before: KindConfig | null,
): KindConfig {
  const result = checkConfig(kind, kindConfig ?? {}, before === null ? null : { config: before, keeps: "secrets" });
  if (result.kind === "invalid") {
    throw new ValidationError(
      result.problems.map(({ field, problem }) => ({
        loc: ["body", "config", field],
        msg: problem,
        type: "value_error",
      })),
    );
  }
  checkUrls(ctx, kind, result.config);
  return result.config;
}

/** Checks the URLs that Posthorn reads, as those of webhooks. */
function checkUrls(ctx: Context, { fields }: AnySourceKind, config: KindConfig): void {
  for (const [name, field] of Object.entries(fields)) {
    const value = config[name];
    if (field.type !== "url" || typeof value !== "string" || !/^https?:/.test(value)) continue;
    try {
      ctx.services.rules.normaliseUrl(value, null);
    } catch (cause) {
      throw invalid(["body", "config", name], cause instanceof Error ? cause.message : String(cause));
    }
  }
}

async function refuseOverQuota(ctx: Context): Promise<void> {
  const { sourceQuota } = ctx.services.rules;
  const { sources } = await reader(ctx)
    .selectFrom("source")
    .select((eb) => eb.fn.countAll<number>().as("sources"))
    .where("org_id", "=", ctx.actor.orgId)
    .where("kind", "<>", WEBHOOK_SOURCE)
    .where("deleted_at", "is", null)
    .executeTakeFirstOrThrow();
  if (sources < sourceQuota) return;
  throw new PosthornError(
    "limit_reached",
    `Your organisation has ${sourceQuota} sources that Posthorn reads, which is the limit of this server (POSTHORN_SOURCE_QUOTA). Delete one first.`,
  );
}
