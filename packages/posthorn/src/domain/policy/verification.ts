/** Whether an endpoint must be verified before it receives deliveries. */
import { defineSection } from "./section.ts";
import { VERIFICATION_METHODS } from "./verification-method.ts";

/** `as-created`: the method that the platform required when the endpoint was created. */
export const VERIFICATION_MODES = ["as-created", "off", ...VERIFICATION_METHODS] as const;
export type VerificationMode = (typeof VERIFICATION_MODES)[number];

export interface VerificationValues {
  readonly mode: VerificationMode;
  /** Deliveries per minute to an unverified endpoint; 0: none, they are on hold. */
  readonly unverifiedPerMinute: number;
}

/** Only the organisation sets it, because it protects third parties from unwanted requests. */
export const verification = defineSection<VerificationValues>({
  platform: () => ({ mode: "as-created", unverifiedPerMinute: 0 }),
});
