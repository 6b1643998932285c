/** Ways to verify an endpoint. */

/** How an endpoint can prove that it accepts deliveries. */
export const VERIFICATION_METHODS = ["challenge", "cloudevents"] as const;
export type VerificationMethod = (typeof VERIFICATION_METHODS)[number];
