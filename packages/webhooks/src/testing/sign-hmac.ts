import { WebhookError } from "../errors.ts";
import { openInbound } from "../provider/inbound.ts";
import type { Scheme } from "../provider/types.ts";
import type { MessageParts } from "../crypto/hmac.ts";
import { type HmacScheme, keyedMac } from "../provider/scheme/hmac.ts";
import { compileMessage, publicUrl, type SignedOptions } from "../provider/scheme/signed.ts";
import { iso, milliseconds } from "../provider/scheme/timestamp.ts";
import type { Draft, SignContext } from "./draft.ts";

/** Adds an HMAC or a plain hash, and the timestamp it covers. */
export async function signHmac(draft: Draft, scheme: Scheme, context: SignContext): Promise<void> {
  const hmacScheme = scheme as HmacScheme;
  const options = hmacScheme.optionsFor?.(context.config) ?? hmacScheme.options;
  const make = await (options.mac ?? keyedMac)(options, context.secret);
  await placeSignature(draft, options, context, async (message) => make(message));
}

/** Adds timestamp and signature where the options say. `sign` creates the text of the signature from the message. */
export async function placeSignature(
  draft: Draft,
  options: SignedOptions,
  context: SignContext,
  sign: (message: MessageParts) => Promise<string>,
): Promise<void> {
  const { config, secret } = context;
  const headerName = [options.header ?? []].flat()[0] ?? "";
  const fields = new Map<string, string>();
  const timestamp = options.timestamp === undefined ? "" : placeTime(draft, options, context, fields);
  PREPARE[headerName]?.(draft, options, fields);
  const inbound = openInbound(draft, context.definition.payload);
  const url = publicUrl(options.url, { inbound, config });
  const signature = await sign(compileMessage(options.signed)({ inbound, config, url, timestamp, fields, secret }));
  if (options.fields === undefined) {
    const value = (options.prefix ?? "") + signature;
    if (headerName === "") placeInQuery(draft, options, context, value);
    else draft.headers[headerName] = value;
    return;
  }
  fields.set(options.fields.signature, signature);
  draft.headers[headerName] = [...fields].map(([name, value]) => `${name}=${value}`).join(options.fields.separator);
}

/** For schemes without a header, which find their signature in the query. */
function placeInQuery(draft: Draft, { find }: SignedOptions, { definition }: SignContext, value: string): void {
  const url = `${draft.url}${draft.url.includes("?") ? "&" : "?"}signature=${encodeURIComponent(value)}`;
  if (find?.(openInbound({ ...draft, url }, definition.payload)).includes(value) !== true) {
    throw new WebhookError(
      "argument_invalid",
      `Requests of ${definition.name} cannot be signed: the place of the signature is unknown.`,
    );
  }
  draft.url = url;
}

/** Additional fields and headers that the signed texts of three providers contain. */
const PREPARE: Readonly<Record<string, (draft: Draft, options: SignedOptions, fields: Map<string, string>) => void>> = {
  "gcms-signature": (_, __, fields) => {
    // Hygraph's own library requires this order.
    const time = fields.get("t") ?? "";
    fields.clear();
    for (const [name, value] of [
      ["sign", ""],
      ["env", "master"],
      ["t", time],
    ] as const)
      fields.set(name, value);
  },
  "x-hook0-signature": ({ headers }, options, fields) => {
    if (options.fields?.signature === "v1") fields.set("h", Object.keys(headers).join(" "));
  },
  "x-contentful-signature": ({ headers }) => {
    const name = "x-contentful-signed-headers";
    headers[name] = [...Object.keys(headers), name].sort().join(",");
  },
};

function placeTime(draft: Draft, options: SignedOptions, { now }: SignContext, fields: Map<string, string>): string {
  const { from, as } = options.timestamp!;
  const [place, name = ""] = from.split(":");
  const text = as === iso ? new Date(now).toISOString() : String(as === milliseconds ? now : Math.floor(now / 1000));
  if (place === "header") draft.headers[name] = text;
  if (place === "field") fields.set(name, text);
  return text;
}
