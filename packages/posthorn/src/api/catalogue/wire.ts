/** Converts catalogue entries to API fields. */
import type { Change } from "../../catalogue/schema-change.ts";
import { toJsonSchema } from "../../catalogue/json-schema.ts";
import { toTypeScript } from "../../catalogue/typescript.ts";
import type { CatalogueDetail, CatalogueSummary } from "../../domain/catalogue/list.ts";
import type { Source } from "../../domain/source/source.ts";
import { isoOrNull } from "../../domain/activity/record.ts";

export function catalogueEntryOut({ eventType, received, firstAt, lastAt, changedAt }: CatalogueSummary): object {
  return {
    eventType,
    received,
    firstReceivedAt: new Date(firstAt).toISOString(),
    lastReceivedAt: new Date(lastAt).toISOString(),
    changedAt: isoOrNull(changedAt),
  };
}

export function catalogueDetailOut(detail: CatalogueDetail): object {
  const { eventType, schema, samples, changes } = detail;
  return {
    ...catalogueEntryOut(detail),
    samples,
    schema: schema === null ? null : toJsonSchema(eventType, schema),
    changes: changes.map(changeOut),
  };
}

export function catalogueExportOut({
  source,
  entries,
}: {
  readonly source: Source;
  readonly entries: readonly CatalogueDetail[];
}): object {
  const known = entries.flatMap(({ eventType, schema }) => (schema === null ? [] : [{ eventType, schema }]));
  return {
    schemas: Object.fromEntries(known.map(({ eventType, schema }) => [eventType, toJsonSchema(eventType, schema)])),
    typescript: toTypeScript(source.name, known),
  };
}

function changeOut({ kind, path, before, after, breaking, firstSeen, lastSeen }: Change): object {
  const seen = { firstSeenAt: new Date(firstSeen).toISOString(), lastSeenAt: new Date(lastSeen).toISOString() };
  return { kind, path, before, after, breaking, ...seen };
}
