import { WebhookError } from "../../errors.ts";
import type { Scheme, SchemeContext } from "../types.ts";

/** Restricts a scheme to requests of one version, key or form, for providers whose schemes share a header. */
export function onlyIf<S extends Scheme>(fits: (context: SchemeContext) => boolean, scheme: S): S {
  return {
    ...scheme,
    claimed: (context) => scheme.claimed(context) && fits(context),
    verify(context) {
      if (fits(context)) return scheme.verify(context);
      throw new WebhookError("unknown_version", "The request uses another version of the signature, or another key.");
    },
  };
}
