import { isDeepStrictEqual } from "node:util";
import { invalid, ValidationError } from "../../lib/errors.ts";
import { organisationTurn } from "../../transform/fair-queue.ts";
import { atomically, type Context, type OutsideCall, reader, write } from "../context.ts";
import { saveEventType } from "./create.ts";
import { type EventType, type EventTypeInput, toEventType } from "./event-type.ts";
import { transformsBusy } from "../endpoint/transformation.ts";
import type { DescribedEventType } from "./openapi/read.ts";

export interface ImportOpenApi {
  /** Body of the request, which contains the fields below. */
  readonly request: Uint8Array;
  readonly spec: unknown;
  /** The document as text, instead of `spec`. */
  readonly specRaw: string | null;
  readonly dryRun: boolean;
  /** Archives event types that the document does not contain. */
  readonly replaceAll: boolean;
}

export interface OpenApiImport {
  /** Event types that were created or changed, or would be in a dry run. */
  readonly toModify: readonly EventTypeInput[];
  /** Names of event types that were archived, or would be in a dry run. */
  readonly archived: readonly string[];
  readonly unchanged: readonly string[];
}

/** Imports the webhooks of an OpenAPI document as event types: all of them, or none if one is invalid. */
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

/** Reads the document in a worker thread, because a large one takes seconds and a malicious one longer. */
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

/** Input of an event type. Keeps what the document cannot contain: other schema versions and feature flags. */
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
  // Compare the stored form: values that JSON cannot represent are not a difference.
  return isDeepStrictEqual(before, JSON.parse(JSON.stringify(after)));
}

async function allEventTypes(ctx: Context): Promise<ReadonlyMap<string, EventType>> {
  const rows = await reader(ctx).selectFrom("event_type").selectAll().where("org_id", "=", ctx.actor.orgId).execute();
  return new Map(rows.map((row) => [row.name, toEventType(row)]));
}

/** Names per statement. */
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
