/** Grants a sender the permission that it asked for with a callback URL (CloudEvents webhooks, section 4.1.3). */
import { PosthornError } from "../../lib/errors.ts";
import type { InboundRequest } from "../message/request.ts";
import type { OutsideContext } from "../context.ts";
import type { Source } from "../source/source.ts";
import { upsertSource } from "../source/update.ts";

/** Reason of a request for permission in the quarantine. */
export const ORIGIN_NOT_ALLOWED = "origin_not_allowed";

/**
 * Calls the callback URL with the rate that the source allows, and adds the origin to those that the source allows from now on. The URL comes
 * from the sender: the call goes through the address guard.
 */
export async function grantSender(ctx: OutsideContext, source: Source, request: InboundRequest): Promise<void> {
  const origin = valueOf(request, "webhook-request-origin") ?? "";
  const url = URL.parse(valueOf(request, "webhook-request-callback") ?? "");
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw refusal("It is not a valid HTTP URL.");
  }
  const rate = source.config["allowedRate"] ?? valueOf(request, "webhook-request-rate") ?? "*";
  const response = await ctx.services.subscribers.send({
    method: "GET",
    url: url.href,
    headers: ["webhook-allowed-origin", origin, "webhook-allowed-rate", rate],
    allow: null,
    proxy: null,
  });
  if (response.kind === "error") throw refusal(response.message);
  if (response.status < 200 || response.status > 299) throw refusal(`It responded with HTTP ${response.status}.`);
  const { allowedOrigins } = source.config;
  if (allowedOrigins === undefined || allowedOrigins.split(",").some((one) => one.trim() === origin)) return;
  const config = { ...source.config, allowedOrigins: `${allowedOrigins},${origin}` };
  await upsertSource({ ctx, input: { ...source, ref: source.id, secrets: null, config } });
}

function valueOf({ headers }: InboundRequest, wanted: string): string | undefined {
  const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === wanted);
  return at === -1 ? undefined : headers[at + 1];
}

function refusal(reason: string): PosthornError {
  return new PosthornError(
    "conflict",
    `The sender's callback URL did not accept the permission. ${reason} The request stays in quarantine.`,
  );
}
