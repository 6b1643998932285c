import type { ProviderConfig } from "../types.ts";
import { hmac, type HmacOptions, type HmacScheme } from "./hmac.ts";

/** An HMAC whose details each user sets at the provider: the endpoint's settings decide, never the request. */
export function configuredHmac(optionsFor: (config: ProviderConfig) => HmacOptions): HmacScheme {
  // Keyed by the settings object, which lives as long as the verifier that holds it.
  const schemes = new WeakMap<ProviderConfig, HmacScheme>();
  const schemeFor = (config: ProviderConfig): HmacScheme => {
    const scheme = schemes.get(config) ?? hmac(optionsFor(config));
    schemes.set(config, scheme);
    return scheme;
  };
  return {
    ...hmac(optionsFor({})),
    optionsFor,
    claimed: (context) => schemeFor(context.config).claimed(context),
    verify: (context) => schemeFor(context.config).verify(context),
  };
}
