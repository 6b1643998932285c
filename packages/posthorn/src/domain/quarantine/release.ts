import { PosthornError } from "../../lib/errors.ts";
import { type Call, type OutsideCall, write } from "../context.ts";
import { sealedIn } from "../../store/sealed-columns.ts";
import { openRequest } from "../message/request.ts";
import { grantSender, ORIGIN_NOT_ALLOWED } from "./permission.ts";
import { exactBodyOf, getQuarantineRow, type QuarantineRef } from "./find.ts";

/**
 * Accepts a request that failed verification, because a person confirmed that it is genuine, and removes it from quarantine. Returns the
 * message ID, or `null` if the same event was stored before, or if the request asked for permission to send, which is then granted.
 */
export async function releaseQuarantined({ ctx, input }: OutsideCall<QuarantineRef>): Promise<string | null> {
  const { source, row } = await getQuarantineRow(ctx, input);
  const body = exactBodyOf(ctx.services, row);
  if (body === null) {
    throw new PosthornError(
      "missing_payload",
      `The body of ${row.body_bytes} bytes was too large to store. Ask the provider to send it again.`,
    );
  }
  const request = openRequest(row.request_json, ctx.services.secretBox, sealedIn("quarantine.request_json", row.id));
  const asksForPermission = row.reason === ORIGIN_NOT_ALLOWED;
  if (asksForPermission) await grantSender(ctx, source, request);
  const message = asksForPermission ? null : await ctx.services.sources.release(source.key, request, body);
  await write(ctx, ({ db }) => db.deleteFrom("quarantine").where("id", "=", row.id).execute());
  return message;
}

/** Deletes a quarantined request. */
export async function deleteQuarantined({ ctx, input }: Call<QuarantineRef>): Promise<void> {
  const { row } = await getQuarantineRow(ctx, input);
  await write(ctx, ({ db }) => db.deleteFrom("quarantine").where("id", "=", row.id).execute());
}
