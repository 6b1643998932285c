import type { OutsideCall } from "../context.ts";
import type { SourceTest } from "../source-operations.ts";
import { getSource } from "./find.ts";
import { currentTokens, ingestUrl } from "./token.ts";

/** Sends a request to a source as its provider would, signed with the secret of the source. */
export async function sendTestRequest({ ctx, input }: OutsideCall<{ readonly source: string }>): Promise<SourceTest> {
  const { key, kind } = await getSource(ctx, input.source);
  const token = (await currentTokens(ctx, [key])).get(key) ?? "";
  return ctx.services.sources.test(key, ingestUrl(ctx, kind, token));
}
