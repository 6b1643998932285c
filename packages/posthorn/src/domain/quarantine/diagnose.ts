import type { DiagnosisReport } from "../../ingest/diagnosis.ts";
import { PosthornError } from "../../lib/errors.ts";
import { type Context, type OutsideCall, reader } from "../context.ts";
import { openRequest } from "../message/request.ts";
import type { Source } from "../source/source.ts";
import { currentTokens, ingestUrl } from "../source/token.ts";
import { exactBodyOf, getQuarantineRow, type QuarantineRef } from "./find.ts";
import { sealedIn } from "../../store/sealed-columns.ts";

/** Maximum number of secrets of other sources tried. */
const MAX_OTHERS = 20;

/** Diagnoses a quarantined request with the current secrets and settings of its source. */
export async function diagnoseQuarantined({ ctx, input }: OutsideCall<QuarantineRef>): Promise<DiagnosisReport> {
  const { source, row } = await getQuarantineRow(ctx, input);
  const body = exactBodyOf(ctx.services, row);
  if (body === null) {
    throw new PosthornError(
      "missing_payload",
      `The body of ${row.body_bytes} bytes was too large to store, so this request cannot be diagnosed.`,
    );
  }
  const { method, path, query, headers } = openRequest(
    row.request_json,
    ctx.services.secretBox,
    sealedIn("quarantine.request_json", row.id),
  );
  const token = (await currentTokens(ctx, [source.key])).get(source.key) ?? "";
  const url = `${ingestUrl(ctx, source.kind, token)}${path}${query === "" ? "" : `?${query}`}`;
  const pairs = headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1]!] as const] : []));
  const request = { method, url, headers: pairs, body };
  return ctx.services.sources.diagnose(source.key, request, await otherSecrets(ctx, source));
}

/** Secrets of the organisation's other sources of this provider, by source name. One of them may be the right one. */
async function otherSecrets(ctx: Context, source: Source): Promise<Readonly<Record<string, string>>> {
  const rows = await reader(ctx)
    .selectFrom("source_secret")
    .innerJoin("source", "source.id", "source_secret.source_id")
    .select(["source_secret.id", "source_id", "source.name", "source_secret.secret_sealed"])
    .where("source.org_id", "=", ctx.actor.orgId)
    .where("source.type", "=", source.type)
    .where("source.id", "<>", source.key)
    .where("source.deleted_at", "is", null)
    .orderBy("source_secret.id", "desc")
    .limit(MAX_OTHERS)
    .execute();
  const { secretBox } = ctx.services;
  return Object.fromEntries(
    rows.map(({ id, source_id: sourceKey, name, secret_sealed: sealed }) => [
      name,
      secretBox.open(sealed, sealedIn("source_secret.secret_sealed", sourceKey, id)),
    ]),
  );
}
