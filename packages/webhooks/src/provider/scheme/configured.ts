import type { ProviderConfig } from "../types.ts";
import { hmac, type HmacOptions, type HmacScheme } from "./hmac.ts";

/** HMAC whose details each user configures at the provider. The settings of the endpoint decide, never the request. */
export function configuredHmac(optionsFor: (config: ProviderConfig) => HmacOptions): HmacScheme {
  // Keyed by the settings object, which lives as long as its verifier.
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
