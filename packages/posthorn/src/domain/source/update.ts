import { atomically, type Call, type Context, write } from "../context.ts";
import { checkSource } from "./check.ts";
import { createSource, type CreateSource, type CreatedSource, toColumns, uidTaken } from "./create.ts";
import { findSource } from "./find.ts";
import { keepsCursor } from "../../sources/kind.ts";
import { sourceKindNamed } from "../../sources/kinds.ts";
import { changedKindConfig } from "./kind-config.ts";
import { isRead } from "./kind.ts";
import { restartRun } from "./run.ts";
import { endSecrets, insertSourceSecret } from "./secret.ts";
import { leaveSession } from "./sessions.ts";
import type { Source } from "./source.ts";
import { currentTokens, ingestUrl } from "./token.ts";

export type UpsertSource = Omit<CreateSource, "secrets" | "config"> & {
  readonly ref: string;
  /** `null` keeps the stored ones. */
  readonly secrets: readonly string[] | null;
  /** `null` keeps the stored config, unless the type changes. */
  readonly config: CreateSource["config"] | null;
};

/** Replaces all fields of a source, or creates it with its own ID if it does not exist. The URL does not change. */
export function upsertSource(call: Call<UpsertSource>): Promise<CreatedSource & { readonly created: boolean }> {
  return atomically(call, async ({ ctx, input: { ref, ...fields } }) => {
    const existing = await findSource(ctx, ref);
    if (existing !== null) return { ...(await save(ctx, existing, fields)), created: false };
    const input = { ...fields, secrets: fields.secrets ?? [], config: fields.config ?? {} };
    const made = await createSource({ ctx, input });
    return { ...made, created: true };
  });
}

async function save(ctx: Context, existing: Source, input: Omit<UpsertSource, "ref">): Promise<CreatedSource> {
  const { secrets, ...given } = input;
  const fields = { ...given, config: given.config ?? (given.type === existing.type ? existing.config : {}) };
  checkSource(ctx, { ...fields, secrets: secrets ?? [] });
  const kindConfig = changedKindConfig(ctx, existing, fields);
  const updatedAt = ctx.services.now();
  ctx.audit?.changed(existing, { ...existing, ...fields, kindConfig: kindConfig ?? existing.kindConfig });
  try {
    await write(ctx, async (tx) => {
      const columns = { ...toColumns(ctx, existing.key, fields, kindConfig), updated_at: updatedAt };
      await tx.db.updateTable("source").set(columns).where("id", "=", existing.key).execute();
      const { name } = fields;
      await tx.db
        .updateTable("application")
        .set({ name, updated_at: updatedAt })
        .where("id", "=", existing.key)
        .execute();
      if (secrets !== null) {
        await endSecrets(ctx, tx, existing.key, 0);
        for (const secret of secrets.toReversed()) await insertSourceSecret(ctx, tx, existing.key, secret);
      }
      if (kindConfig !== null) {
        const before = existing.kindConfig;
        await leaveSession({ ...ctx, tx }, existing, kindConfig);
        const isKept = before !== null && keepsCursor(sourceKindNamed(fields.kind)!, before, kindConfig);
        await restartRun(tx, existing.key, {
          now: updatedAt,
          keepsCursor: isKept,
          isRead: isRead(fields.kind),
        });
      }
      tx.signal({ kind: "source", key: existing.key });
    });
  } catch (error) {
    throw uidTaken(error, fields.uid);
  }
  const token = (await currentTokens(ctx, [existing.key])).get(existing.key)!;
  return { source: { ...existing, ...fields, kindConfig, updatedAt }, ingestUrl: ingestUrl(ctx, fields.kind, token) };
}
