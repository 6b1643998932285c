import type { StandardScheme } from "../provider/scheme/standard.ts";
import type { Scheme } from "../provider/types.ts";
import { createSigner } from "../standard/sign.ts";
import type { Draft, SignContext } from "./draft.ts";

/** Adds the three headers of Standard Webhooks, with the prefix that the provider uses. */
export async function signStandard(draft: Draft, scheme: Scheme, { secret, now }: SignContext): Promise<void> {
  const { options } = scheme as StandardScheme;
  const prefix = options.prefixes[0]!;
  const seconds = Math.floor(now / 1000);
  const id = draft.headers[`${prefix}-id`] ?? "msg_test";
  draft.headers[`${prefix}-id`] = id;
  draft.headers[`${prefix}-timestamp`] = String(seconds);
  const signer = createSigner(options.key?.(secret) ?? secret);
  draft.headers[`${prefix}-signature`] = await signer.sign(id, seconds, draft.body);
}
