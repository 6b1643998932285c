/** How the provider of a source is asked what it sent: where, with which credential, how often. */
import type { Selectable } from "kysely";
import { invalid, notFound } from "../../lib/errors.ts";
import { githubApi, type GitHubSettings } from "../../backfill/github.ts";
import { stripeApi, type StripeSettings } from "../../backfill/stripe.ts";
import type { ProviderApi, ReconcileProviderId } from "../../backfill/types.ts";
import type { SourceReconcileTable } from "../../store/source-schema.ts";
import type { SecretBox } from "../../lib/secret-box.ts";
import { atomically, type Call, type Context } from "../context.ts";
import { getSource } from "../source/find.ts";

/** Settings of the providers under the name of each. */
export interface ReconcileTargets {
  readonly github: GitHubSettings;
  readonly stripe: StripeSettings;
}

export type ReconcileTarget = {
  [Provider in ReconcileProviderId]: { readonly provider: Provider; readonly settings: ReconcileTargets[Provider] };
}[ReconcileProviderId];

/** Times are Unix milliseconds. */
export type Reconciliation = ReconcileTarget & {
  /** How often it runs by itself; `null`: when it is asked. */
  readonly everyMs: number | null;
  readonly nextAt: number | null;
  /** Everything before was compared. */
  readonly reconciledUntil: number | null;
  readonly updatedAt: number;
};

export type SetReconciliation = ReconcileTarget & {
  readonly source: string;
  /** Kept as it is when `null`. */
  readonly token: string | null;
  readonly everyMs: number | null;
};

export async function getReconciliation({ ctx, input }: Call<{ readonly source: string }>): Promise<Reconciliation> {
  const source = await getSource(ctx, input.source);
  const row = await findRow(ctx, source.key);
  if (row === null) throw notFound("reconciliation of this source");
  return toReconciliation(row);
}

export function setReconciliation(call: Call<SetReconciliation>): Promise<Reconciliation> {
  return atomically(call, async ({ ctx, input }) => {
    const { services } = ctx;
    const { provider, settings, token, everyMs } = input;
    const source = await getSource(ctx, input.source);
    if (source.type !== provider) {
      throw invalid(
        "provider",
        `The source is of the type ${source.type}: only a source of ${provider} can ask ${provider}.`,
      );
    }
    const known = await findRow(ctx, source.key);
    const token_sealed = token === null ? known?.token_sealed : services.secretBox.seal(token);
    if (token_sealed === undefined) throw invalid("token", "The provider's API needs a token.");
    checkUrl(ctx, settings.apiUrl);
    const now = services.now();
    const columns = {
      provider,
      settings_json: JSON.stringify(settings),
      token_sealed,
      every_ms: everyMs,
      next_at: everyMs === null ? null : now + everyMs,
      updated_at: now,
    };
    const row = { source_id: source.key, reconciled_until: known?.reconciled_until ?? null, ...columns };
    await ctx.tx.db
      .insertInto("source_reconcile")
      .values(row)
      .onConflict((conflict) => conflict.column("source_id").doUpdateSet(columns))
      .execute();
    return toReconciliation(row);
  });
}

export function deleteReconciliation(call: Call<{ readonly source: string }>): Promise<void> {
  return atomically(call, async ({ ctx, input }) => {
    const source = await getSource(ctx, input.source);
    const { numDeletedRows } = await ctx.tx.db
      .deleteFrom("source_reconcile")
      .where("source_id", "=", source.key)
      .executeTakeFirst();
    if (numDeletedRows === 0n) throw notFound("reconciliation of this source");
  });
}

export async function findRow(
  ctx: Pick<Context, "services" | "tx">,
  sourceKey: number,
): Promise<Selectable<SourceReconcileTable> | null> {
  const db = ctx.tx?.db ?? ctx.services.store.db;
  const row = await db.selectFrom("source_reconcile").selectAll().where("source_id", "=", sourceKey).executeTakeFirst();
  return row ?? null;
}

export function toReconciliation(row: Selectable<SourceReconcileTable>): Reconciliation {
  const { provider, settings_json, every_ms, next_at, reconciled_until, updated_at } = row;
  // Written by `setReconciliation` alone, for the provider beside them.
  const target = { provider, settings: JSON.parse(settings_json) as unknown } as ReconcileTarget;
  return { ...target, everyMs: every_ms, nextAt: next_at, reconciledUntil: reconciled_until, updatedAt: updated_at };
}

/** The API of the provider, with the credential of the source. */
export function apiOf(row: Selectable<SourceReconcileTable>, secretBox: SecretBox): ProviderApi {
  const target = toReconciliation(row);
  const token = secretBox.open(row.token_sealed);
  return target.provider === "github" ? githubApi(target.settings, token) : stripeApi(target.settings, token);
}

function checkUrl({ services }: Context, url: string): void {
  try {
    services.rules.normaliseUrl(url, null);
  } catch (error) {
    throw invalid("apiUrl", (error as Error).message);
  }
}
