import { WebhookError } from "../../errors.ts";
import type { Scheme, SchemeContext } from "../types.ts";

/** Narrows a scheme to requests of one version, key or form, where several share a header. */
export function onlyIf<S extends Scheme>(fits: (context: SchemeContext) => boolean, scheme: S): S {
  return {
    ...scheme,
    claimed: (context) => scheme.claimed(context) && fits(context),
    verify(context) {
      if (fits(context)) return scheme.verify(context);
      throw new WebhookError("unknown_version", "The request is signed in another version, or for another key.");
    },
  };
}
