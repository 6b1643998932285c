/** Whether an endpoint must prove that it wants deliveries before it gets any. */
import { defineSection } from "./section.ts";
import { VERIFICATION_METHODS } from "./verification-method.ts";

/** `as-created`: what the platform asked of new endpoints when this one was made. */
export const VERIFICATION_MODES = ["as-created", "off", ...VERIFICATION_METHODS] as const;
export type VerificationMode = (typeof VERIFICATION_MODES)[number];

export interface VerificationValues {
  readonly mode: VerificationMode;
  /** Deliveries a minute to an endpoint that has not proved it; 0: none, they are held. */
  readonly unverifiedPerMinute: number;
}

/** It protects others from the platform: only the organisation sets it. */
export const verification = defineSection<VerificationValues>({
  platform: () => ({ mode: "as-created", unverifiedPerMinute: 0 }),
});
