/** Backfill settings of a source: API, credential and interval. */
import type { Selectable } from "kysely";
import { invalid, notFound } from "../../lib/errors.ts";
import { githubApi, type GitHubSettings } from "../../backfill/github.ts";
import { stripeApi, type StripeSettings } from "../../backfill/stripe.ts";
import type { ProviderApi, BackfillProviderId } from "../../backfill/types.ts";
import type { SourceBackfillTable } from "../../store/source-schema.ts";
import type { SecretBox } from "../../lib/secret-box.ts";
import { atomically, type Call, type Context } from "../context.ts";
import { getSource } from "../source/find.ts";
import { sealedIn } from "../../store/sealed-columns.ts";

/** Settings by provider. */
export interface BackfillTargets {
  readonly github: GitHubSettings;
  readonly stripe: StripeSettings;
}

export type BackfillTarget = {
  [Provider in BackfillProviderId]: { readonly provider: Provider; readonly settings: BackfillTargets[Provider] };
}[BackfillProviderId];

/** Times are Unix milliseconds. */
export type BackfillSettings = BackfillTarget & {
  /** Interval of automatic runs; `null`: manual runs only. */
  readonly everyMs: number | null;
  readonly nextAt: number | null;
  /** Events before this time have been compared with the provider. */
  readonly backfilledUntil: number | null;
  readonly updatedAt: number;
};

export type SetBackfillSettings = BackfillTarget & {
  readonly source: string;
  /** `null` keeps the stored token. */
  readonly token: string | null;
  readonly everyMs: number | null;
};

export async function getBackfillSettings({
  ctx,
  input,
}: Call<{ readonly source: string }>): Promise<BackfillSettings> {
  const source = await getSource(ctx, input.source);
  const row = await findRow(ctx, source.key);
  if (row === null) throw notFound("backfill of this source");
  return toBackfillSettings(row);
}

export function setBackfillSettings(call: Call<SetBackfillSettings>): Promise<BackfillSettings> {
  return atomically(call, async ({ ctx, input }) => {
    const { services } = ctx;
    const { provider, settings, token, everyMs } = input;
    const source = await getSource(ctx, input.source);
    if (source.type !== provider) {
      throw invalid(
        "provider",
        `This source has the type ${source.type}. Backfill from ${provider} needs a source of type ${provider}.`,
      );
    }
    const known = await findRow(ctx, source.key);
    const place = sealedIn("source_backfill.token_sealed", source.key);
    const token_sealed = token === null ? known?.token_sealed : services.secretBox.seal(token, place);
    if (token_sealed === undefined) throw invalid("token", "A token for the provider's API is required.");
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
    const row = { source_id: source.key, backfilled_until: known?.backfilled_until ?? null, ...columns };
    await ctx.tx.db
      .insertInto("source_backfill")
      .values(row)
      .onConflict((conflict) => conflict.column("source_id").doUpdateSet(columns))
      .execute();
    return toBackfillSettings(row);
  });
}

export function deleteBackfillSettings(call: Call<{ readonly source: string }>): Promise<void> {
  return atomically(call, async ({ ctx, input }) => {
    const source = await getSource(ctx, input.source);
    const { numDeletedRows } = await ctx.tx.db
      .deleteFrom("source_backfill")
      .where("source_id", "=", source.key)
      .executeTakeFirst();
    if (numDeletedRows === 0n) throw notFound("backfill of this source");
  });
}

export async function findRow(
  ctx: Pick<Context, "services" | "tx">,
  sourceKey: number,
): Promise<Selectable<SourceBackfillTable> | null> {
  const db = ctx.tx?.db ?? ctx.services.store.db;
  const row = await db.selectFrom("source_backfill").selectAll().where("source_id", "=", sourceKey).executeTakeFirst();
  return row ?? null;
}

export function toBackfillSettings(row: Selectable<SourceBackfillTable>): BackfillSettings {
  const { provider, settings_json, every_ms, next_at, backfilled_until, updated_at } = row;
  // Only `setBackfillSettings` writes this column, together with the matching provider.
  const target = { provider, settings: JSON.parse(settings_json) as unknown } as BackfillTarget;
  return { ...target, everyMs: every_ms, nextAt: next_at, backfilledUntil: backfilled_until, updatedAt: updated_at };
}

/** API client of the provider with the source's credential. */
export function apiOf(row: Selectable<SourceBackfillTable>, secretBox: SecretBox): ProviderApi {
  const target = toBackfillSettings(row);
  const token = secretBox.open(row.token_sealed, sealedIn("source_backfill.token_sealed", row.source_id));
  return target.provider === "github" ? githubApi(target.settings, token) : stripeApi(target.settings, token);
}

function checkUrl({ services }: Context, url: string): void {
  try {
    services.rules.normaliseUrl(url, null);
  } catch (error) {
    throw invalid("apiUrl", (error as Error).message);
  }
}
