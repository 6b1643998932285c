/** Reads the catalogue of a source: its event types and inferred schemas. */
import type { Change } from "../../catalogue/schema-change.ts";
import { currentSchema, type Entry } from "../../catalogue/entry.ts";
import type { InferredSchema } from "../../catalogue/inferred-schema.ts";
import { notFound } from "../../lib/errors.ts";
import { payloadView } from "../access.ts";
import { type Call, type Context, reader, write } from "../context.ts";
import { type Page, type PageRequest, readPage } from "../paging.ts";
import { looksLikeName } from "../payload-mask.ts";
import { getSource } from "../source/find.ts";
import type { Source } from "../source/source.ts";
import { toEntry } from "./fold.ts";

/** Times are Unix milliseconds. */
export interface CatalogueSummary {
  readonly eventType: string;
  readonly received: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** When the schema last changed; `null`: never. */
  readonly changedAt: number | null;
}

export interface CatalogueDetail extends CatalogueSummary {
  /** `null` if no payload could be parsed. */
  readonly schema: InferredSchema | null;
  readonly samples: number;
  /** Newest first. */
  readonly changes: readonly Change[];
}

export interface EventTypeRef {
  readonly source: string;
  readonly eventType: string;
}

/**
 * Sorted by name. Without access to payloads, event types that do not look like names are left out: pages are delimited by names, so an
 * iterator would show what the list masks.
 */
export async function listCatalogue({
  ctx,
  input,
}: Call<PageRequest & { readonly source: string }>): Promise<Page<CatalogueSummary>> {
  const source = await getSource(ctx, input.source);
  return readPage(input, { order: "asc", keyOf: (iterator) => iterator }, async (slice) => {
    const { order, limit } = slice;
    const query = reader(ctx)
      .selectFrom("catalogue_entry")
      .select(["event_type", "received", "first_at", "last_at", "changed_at"])
      .where("source_id", "=", source.key)
      .orderBy("event_type", order)
      .limit(limit);
    const isShown = (name: string) => payloadView(ctx.actor) === "full" || looksLikeName(name);
    const shown: CatalogueSummary[] = [];
    let { from } = slice;
    for (;;) {
      const rows = await (
        from === null ? query : query.where("event_type", order === "asc" ? ">" : "<", from)
      ).execute();
      shown.push(...rows.filter((row) => isShown(row.event_type)).map(toSummary));
      if (rows.length < limit || shown.length >= limit) return shown.slice(0, limit);
      from = rows.at(-1)!.event_type;
    }
  });
}

export async function getCatalogueEntry({ ctx, input }: Call<EventTypeRef>): Promise<CatalogueDetail> {
  const source = await getSource(ctx, input.source);
  const [detail] = await details(ctx, source, input.eventType);
  if (detail === undefined) throw notFound("event type in the catalogue of this source");
  return detail;
}

/** The source with all its catalogue entries. */
export async function exportCatalogue({ ctx, input }: Call<{ readonly source: string }>): Promise<{
  readonly source: Source;
  readonly entries: readonly CatalogueDetail[];
}> {
  const source = await getSource(ctx, input.source);
  return { source, entries: await details(ctx, source, null) };
}

/** Deletes an event type. It is inferred again from new events. */
export async function forgetCatalogueEntry({ ctx, input }: Call<EventTypeRef>): Promise<void> {
  const source = await getSource(ctx, input.source);
  await write(ctx, async ({ db }) => {
    const { numDeletedRows } = await db
      .deleteFrom("catalogue_entry")
      .where("source_id", "=", source.key)
      .where("event_type", "=", input.eventType)
      .executeTakeFirst();
    // In the transaction: a call that fails must not leave an audit entry.
    if (numDeletedRows === 0n) throw notFound("event type in the catalogue of this source");
  });
}

async function details(ctx: Context, source: Source, eventType: string | null): Promise<readonly CatalogueDetail[]> {
  let query = reader(ctx)
    .selectFrom("catalogue_entry")
    .selectAll()
    .where("source_id", "=", source.key)
    .orderBy("event_type");
  if (eventType !== null) query = query.where("event_type", "=", eventType);
  const rows = await query.execute();
  return rows.map((row) => {
    const entry = toEntry(row);
    return { ...toSummary(row), schema: currentSchema(entry), samples: samplesOf(entry), changes: entry.changes };
  });
}

function samplesOf({ known, recent }: Entry): number {
  return (known?.seen.count ?? 0) + (recent?.seen.count ?? 0);
}

function toSummary(row: {
  readonly event_type: string;
  readonly received: number;
  readonly first_at: number;
  readonly last_at: number;
  readonly changed_at: number | null;
}): CatalogueSummary {
  return {
    eventType: row.event_type,
    received: row.received,
    firstAt: row.first_at,
    lastAt: row.last_at,
    changedAt: row.changed_at,
  };
}
