import { isDeepStrictEqual } from "node:util";
import { invalid, ValidationError } from "../../lib/errors.ts";
import { organisationTurn } from "../../transform/fair-queue.ts";
import { atomically, type Context, type OutsideCall, reader, write } from "../context.ts";
import { saveEventType } from "./create.ts";
import { type EventType, type EventTypeInput, toEventType } from "./event-type.ts";
import { transformsBusy } from "../endpoint/transformation.ts";
import type { DescribedEventType } from "./openapi/read.ts";

export interface ImportOpenApi {
  /** The body of the request, which has the fields that follow. */
  readonly request: Uint8Array;
  readonly spec: unknown;
  /** The document as text, in place of `spec`. */
  readonly specRaw: string | null;
  readonly dryRun: boolean;
  /** Archives the event types that the document does not have. */
  readonly replaceAll: boolean;
}

export interface OpenApiImport {
  /** What was, or in a dry run would be, created or changed. */
  readonly toModify: readonly EventTypeInput[];
  /** Names of those that were, or would be, archived. */
  readonly archived: readonly string[];
  readonly unchanged: readonly string[];
}

/** Makes the event types that the webhooks of an OpenAPI document describe, all or, when one of them is wrong, none. */
export async function importOpenApi(call: OutsideCall<ImportOpenApi>): Promise<OpenApiImport> {
  const described = await describe(call);
  return atomically(call, async ({ ctx, input }) => {
    const existing = await allEventTypes(ctx);
    const changes = described.map((one) => ({ before: existing.get(one.name) ?? null, after: inputOf(one, existing) }));
    const differing = changes.filter(({ before, after }) => before === null || !isSame(before, after));
    const names = new Set(described.map(({ name }) => name));
    const missing = [...existing.values()].filter(({ name, archived }) => !archived && !names.has(name));
    const archived = input.replaceAll ? missing.map(({ name }) => name) : [];
    if (!input.dryRun) {
      for (const { before, after } of differing) await saveEventType(ctx, before, after);
      await archive(ctx, archived);
    }
    const changed = new Set(differing.map(({ after }) => after.name));
    const unchanged = [...names].filter((name) => !changed.has(name));
    return { toModify: differing.map(({ after }) => after), archived, unchanged };
  });
}

/** Reads the document in a worker thread: that takes seconds for a large one, and longer for a hostile one. */
async function describe({ ctx, input }: OutsideCall<ImportOpenApi>): Promise<readonly DescribedEventType[]> {
  const { spec, specRaw, request } = input;
  if (specRaw !== null && spec !== null && spec !== undefined)
    throw invalid("specRaw", "Set either spec or specRaw, not both.");
  if (specRaw === null && (spec === null || spec === undefined)) {
    throw invalid(
      "spec",
      "Set the document: as an object in `spec`, or as text in `specRaw`.",
      "value_error.jsondecode",
    );
  }
  const result = await ctx.services.transforms.describeOpenApi(request, organisationTurn(ctx.actor.orgId));
  switch (result.kind) {
    case "described":
      return JSON.parse(result.json) as DescribedEventType[];
    case "invalid":
      throw new ValidationError(result.issues);
    case "busy":
      throw transformsBusy();
    case "failed":
      throw invalid(
        specRaw === null ? "spec" : "specRaw",
        "Reading this document takes too much time or memory. Reduce it, or import it in parts.",
      );
  }
}

/** What the document does not speak of stays: other versions of schemas, feature flags. */
function inputOf(described: DescribedEventType, existing: ReadonlyMap<string, EventType>): EventTypeInput {
  const { name, description, schema, deprecated, groupName } = described;
  const before = existing.get(name);
  const schemas = schema === null ? (before?.schemas ?? null) : { ...before?.schemas, "1": schema };
  return {
    name,
    description,
    archived: false,
    deprecated,
    schemas,
    featureFlags: before?.featureFlags ?? null,
    groupName: groupName ?? before?.groupName ?? null,
  };
}

function isSame({ createdAt: _created, updatedAt: _updated, ...before }: EventType, after: EventTypeInput): boolean {
  // As it would be read back: what JSON has no word for is no difference.
  return isDeepStrictEqual(before, JSON.parse(JSON.stringify(after)));
}

async function allEventTypes(ctx: Context): Promise<ReadonlyMap<string, EventType>> {
  const rows = await reader(ctx).selectFrom("event_type").selectAll().where("org_id", "=", ctx.actor.orgId).execute();
  return new Map(rows.map((row) => [row.name, toEventType(row)]));
}

/** Names in one statement. */
const STEP = 500;

async function archive(ctx: Context, names: readonly string[]): Promise<void> {
  for (let at = 0; at < names.length; at += STEP) {
    await write(ctx, ({ db }) =>
      db
        .updateTable("event_type")
        .set({ archived: 1, updated_at: ctx.services.now() })
        .where("org_id", "=", ctx.actor.orgId)
        .where("name", "in", names.slice(at, at + STEP))
        .execute(),
    );
  }
}
