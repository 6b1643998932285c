import type { Selectable } from "kysely";
import { notFound } from "../../lib/errors.ts";
import { keyOfId } from "../../lib/id.ts";
import type { QuarantineTable } from "../../store/source-schema.ts";
import { sealedIn } from "../../store/sealed-columns.ts";
import { type Context, reader, type TransactionServices } from "../context.ts";
import { getSource } from "../source/find.ts";
import type { Source } from "../source/source.ts";
import { type Quarantined, toQuarantined } from "./quarantined.ts";

export interface QuarantineRef {
  readonly source: string;
  readonly request: string;
}

/** Row of a quarantined request with its body. Throws `not_found`. */
export async function getQuarantineRow(
  ctx: Context,
  ref: QuarantineRef,
): Promise<{ readonly source: Source; readonly row: Selectable<QuarantineTable> }> {
  const source = await getSource(ctx, ref.source);
  const key = keyOfId("quar_", ref.request);
  if (key === null) throw notFound("request in quarantine");
  const row = await reader(ctx)
    .selectFrom("quarantine")
    .selectAll()
    .where("id", "=", key)
    .where("public_id", "=", ref.request)
    .where("source_id", "=", source.key)
    .executeTakeFirst();
  if (row === undefined) throw notFound("request in quarantine");
  return { source, row };
}

/** The exact body of a quarantined request; `null`: it was too large to store. */
export function exactBodyOf(
  { secretBox }: Pick<TransactionServices, "secretBox">,
  { id, body, body_sealed: sealed }: Pick<Selectable<QuarantineTable>, "id" | "body" | "body_sealed">,
): Uint8Array | null {
  return sealed === null ? body : secretBox.openBytes(sealed, sealedIn("quarantine.body_sealed", id));
}

export async function getQuarantined(ctx: Context, ref: QuarantineRef): Promise<Quarantined> {
  const { row } = await getQuarantineRow(ctx, ref);
  return toQuarantined({ ...row, kept: row.body === null ? 0 : 1 });
}
