import type { OutsideCall } from "../context.ts";
import type { UrlVerdict } from "../ports.ts";
import { egressAllowOf } from "./egress.ts";
import { getApplication } from "./find.ts";

export interface CheckUrl {
  readonly url: string;
  /** Id or uid: by its rules, where it has its own; `null`: by the platform's. */
  readonly app: string | null;
}

/** Would an attempt at this URL be allowed? Looks its name up and connects to nothing. */
export async function checkUrl({ ctx, input }: OutsideCall<CheckUrl>): Promise<UrlVerdict> {
  const allow = input.app === null ? null : await egressAllowOf(ctx, (await getApplication(ctx, input.app)).key);
  return ctx.services.urls.judge(input.url, allow);
}
