import { PosthornError } from "../../lib/errors.ts";
import { APPLICATION_KIND } from "../../store/schema.ts";
import { isUniqueViolation } from "../../store/errors.ts";
import { metadataJson } from "../application/application.ts";
import { type Call, type Context, write } from "../context.ts";
import type { KindConfig } from "../../fields/field.ts";
import { checkSource } from "./check.ts";
import { newKindConfig } from "./kind-config.ts";
import { insertRun } from "./run.ts";
import { isRead } from "./kind.ts";
import { insertSourceSecret } from "./secret.ts";
import { applicationIdOf, settingsJson, type Source, type SourceInput } from "./source.ts";
import { ingestUrl, insertToken } from "./token.ts";
import { sealedIn } from "../../store/sealed-columns.ts";

export interface CreateSource extends SourceInput {
  readonly secrets: readonly string[];
}

export interface CreatedSource {
  readonly source: Source;
  readonly ingestUrl: string;
}

/** Creates a source with its URL and, if it is read, its state, and the application that holds its endpoints and messages. */
export async function createSource({ ctx, input }: Call<CreateSource>): Promise<CreatedSource> {
  checkSource(ctx, input);
  const { services, actor } = ctx;
  const { key, id } = services.ids.next("src_");
  const at = services.now();
  const { secrets, ...fields } = input;
  const kindConfig = await newKindConfig(ctx, input);
  ctx.audit?.created("source", id, fields.name);
  ctx.audit?.in({ key, id: applicationIdOf(id) });
  try {
    const token = await write(ctx, async (tx) => {
      const { db } = tx;
      const columns = { ...toColumns(ctx, key, fields, kindConfig), created_at: at, updated_at: at, deleted_at: null };
      await db
        .insertInto("source")
        .values({ ...columns, id: key, public_id: id, org_id: actor.orgId })
        .execute();
      await db
        .insertInto("application")
        .values({
          id: key,
          public_id: applicationIdOf(id),
          org_id: actor.orgId,
          kind: APPLICATION_KIND.source,
          // The application has no uid: uids of sources and of customer applications are separate.
          uid: null,
          name: fields.name,
          throttle_rate: null,
          metadata_json: "{}",
          created_at: at,
          updated_at: at,
          deleted_at: null,
        })
        .execute();
      // Inserted oldest first, because verification tries the newest secret first.
      for (const secret of secrets.toReversed()) await insertSourceSecret(ctx, tx, key, secret);
      if (kindConfig !== null) {
        await insertRun(tx, key, at, isRead(fields.kind));
        tx.signal({ kind: "source", key });
      }
      return insertToken(ctx, tx, key);
    });
    return {
      source: { ...fields, kindConfig, key, id, createdAt: at, updatedAt: at },
      ingestUrl: ingestUrl(ctx, fields.kind, token),
    };
  } catch (error) {
    throw uidTaken(error, input.uid);
  }
}

/** Columns of the source row. */
export function toColumns(ctx: Context, key: number, input: SourceInput, kindConfig: KindConfig | null) {
  const { name, uid, type, kind, metadata, expiresAt } = input;
  const config = kindConfig ?? input.config;
  return {
    name,
    uid,
    type,
    kind,
    settings_json: settingsJson(input),
    config_sealed:
      Object.keys(config).length === 0
        ? null
        : ctx.services.secretBox.seal(JSON.stringify(config), sealedIn("source.config_sealed", key)),
    metadata_json: metadataJson(metadata),
    expires_at: expiresAt,
  };
}

/** Turns a duplicate uid into a `conflict` error. Returns other errors unchanged. */
export function uidTaken(error: unknown, uid: string | null): unknown {
  if (!isUniqueViolation(error)) return error;
  return new PosthornError("conflict", `A source with the uid "${uid}" already exists.`, { cause: error });
}
