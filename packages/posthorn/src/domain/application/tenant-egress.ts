/** Limits on egress rules and proxies that an organisation token can set. */
import { ValidationError } from "../../lib/errors.ts";
import type { Context } from "../context.ts";
import type { RefusedTarget } from "../rules.ts";
import type { EndpointProxy } from "../endpoint/egress.ts";

const CODE = "egress_not_allowed";
const SETTING = "POSTHORN_EGRESS_TENANT_ALLOW";

/** Throws a 422 that names the first entry of an allow list that the operator does not allow. */
export function requireAllowedWords(ctx: Context, words: string): void {
  const [refused] = ctx.services.rules.refusedWords(words);
  if (refused === undefined) return;
  throw notAllowed(["allow"], refused, `"${refused.text}" is not allowed here. Remove it`);
}

/** Throws a 422 if the operator does not allow the host of a proxy. */
export function requireAllowedProxy(ctx: Context, proxy: EndpointProxy): void {
  const refused = ctx.services.rules.refusedProxy(proxy);
  if (refused === null) return;
  if (refused.reason === "port") {
    const msg = `The port of the proxy "${refused.text}" is not allowed here. Use 80, 443, or a port from 1024 that browsers do not block.`;
    throw new ValidationError([{ loc: ["body", "proxy", "url"], msg, type: CODE }], { code: CODE });
  }
  const sentence = `The proxy host "${refused.text}" is not allowed here. Use a proxy that is reachable on the public internet`;
  throw notAllowed(["proxy", "url"], refused, sentence);
}

function notAllowed(path: readonly string[], { text, reason }: RefusedTarget, sentence: string): ValidationError {
  const remedy =
    reason === "deny"
      ? "The operator denies it with POSTHORN_EGRESS_DENY."
      : `The operator can allow it by adding "${text}" to ${SETTING}.`;
  const issue = { loc: ["body", ...path], msg: `${sentence}. ${remedy}`, type: CODE };
  return new ValidationError([issue], { code: CODE });
}
