/** Batches: several deliveries in one request, for kinds of destinations that accept that. */
import type { BatchRules } from "../../destinations/batch-rules.ts";
import type { BatchPolicy } from "../../dispatch/policy.ts";
import { defineSection } from "./section.ts";

export interface BatchValues {
  /** Maximum number of deliveries in a batch; 1: no batches. */
  readonly maxItems: number;
  /** Maximum number of bytes of messages in a batch; 0: as many as the kind allows. */
  readonly maxBytes: number;
  /** How long the first delivery waits for others. */
  readonly maxWaitSeconds: number;
}

export const batch = defineSection<BatchValues>({
  tenant: "ManageEndpoint",
  platform: () => ({ maxItems: 1, maxBytes: 0, maxWaitSeconds: 0 }),
});

/** Converts the values for the dispatcher. @param rules `null`: the kind of the endpoint takes one message at a time. */
export function batchPolicy(
  { maxItems, maxBytes, maxWaitSeconds }: BatchValues,
  rules: () => BatchRules | null,
): BatchPolicy | null {
  if (maxItems <= 1) return null;
  const found = rules();
  if (found === null) return null;
  const { items, bytes, sharesKeys, isKept } = found;
  return {
    items: Math.min(maxItems, items),
    bytes: maxBytes === 0 ? bytes : Math.min(maxBytes, bytes),
    waitMs: Math.round(maxWaitSeconds * 1000),
    sharesKeys,
    isKept,
  };
}
