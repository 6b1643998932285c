import { WebhookError } from "../errors.ts";
import type { Inbound } from "./inbound.ts";
import type { UnsignedPolicy } from "./types.ts";

/** For a provider that does not sign: what to do instead, and an optional check of the request's shape. */
export function unsigned(instead: string, check?: (inbound: Inbound) => void): UnsignedPolicy {
  return {
    instead,
    admit(inbound, name, allowed) {
      if (allowed) return check?.(inbound);
      throw new WebhookError(
        "unverifiable",
        `${name} does not sign its webhooks. Instead: ${instead}. Pass such a secret as secrets, or allowUnsigned to ` +
          "let the request pass as unverified.",
      );
    },
  };
}
