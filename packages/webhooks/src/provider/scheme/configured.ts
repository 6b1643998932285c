import type { ProviderConfig } from "../types.ts";
import { hmac, type HmacOptions, type HmacScheme } from "./hmac.ts";

/** An HMAC whose details each user sets at the provider: the endpoint's settings decide, never the request. */
export function configuredHmac(optionsFor: (config: ProviderConfig) => HmacOptions): HmacScheme {
  return {
    ...hmac(optionsFor({})),
    optionsFor,
    claimed: (context) => hmac(optionsFor(context.config)).claimed(context),
    verify: (context) => hmac(optionsFor(context.config)).verify(context),
  };
}
