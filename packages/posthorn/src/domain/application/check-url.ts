import type { OutsideCall } from "../context.ts";
import type { UrlVerdict } from "../ports.ts";
import { isOwnCapture } from "../source/own-capture.ts";
import { egressAllowOf } from "./egress.ts";
import { getApplication } from "./find.ts";

export interface CheckUrl {
  readonly url: string;
  /** Id or uid of the application whose egress rules apply, if it has its own; `null`: the platform's rules. */
  readonly app: string | null;
}

/** Checks whether an attempt at this URL would be allowed. Resolves the host name without connecting. Captures of this server are always allowed. */
export async function checkUrl({ ctx, input }: OutsideCall<CheckUrl>): Promise<UrlVerdict> {
  if (await isOwnCapture(ctx, input.url)) return { allowed: true, addresses: [] };
  const allow = input.app === null ? null : await egressAllowOf(ctx, (await getApplication(ctx, input.app)).key);
  return ctx.services.urls.check(input.url, allow);
}
