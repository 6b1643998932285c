import { PosthornError } from "../../lib/errors.ts";
import { type Call, type OutsideCall, write } from "../context.ts";
import { openRequest } from "../message/request.ts";
import { getQuarantineRow, type QuarantineRef } from "./find.ts";

/**
 * Takes a request in that did not verify: somebody has looked at it and says that it is genuine. It leaves the quarantine. Returns
 * the id of its message, or `null` when the same delivery was taken in before.
 */
export async function releaseQuarantined({ ctx, input }: OutsideCall<QuarantineRef>): Promise<string | null> {
  const { source, row } = await getQuarantineRow(ctx, input);
  if (row.body === null) {
    throw new PosthornError(
      "missing_payload",
      `The body of ${row.body_bytes} bytes was too large to be kept: ask the provider to send it again.`,
    );
  }
  const request = openRequest(row.request_json, ctx.services.secretBox);
  const message = await ctx.services.sources.release(source.key, request, row.body);
  await write(ctx, ({ db }) => db.deleteFrom("quarantine").where("id", "=", row.id).execute());
  return message;
}

/** Deletes a request that is of no use. */
export async function deleteQuarantined({ ctx, input }: Call<QuarantineRef>): Promise<void> {
  const { row } = await getQuarantineRow(ctx, input);
  await write(ctx, ({ db }) => db.deleteFrom("quarantine").where("id", "=", row.id).execute());
}
