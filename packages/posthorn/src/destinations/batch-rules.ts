/** Derives how a kind handles batches, duplicates and order from its declaration. Pure. */
import type { AnyKind, Guarantees, KindConfig } from "./kind.ts";

export interface BatchRules {
  readonly items: number;
  readonly bytes: number;
  /** Whether a batch may have several messages with one ordering key. */
  readonly sharesKeys: boolean;
  /** Whether a batch has to be sent again with the same messages. */
  readonly isKept: boolean;
}

/** How the target of a configuration handles duplicates and order. */
export function guaranteesOf(kind: AnyKind, config: KindConfig): Guarantees {
  const { idempotency, ordering } = kind.conditional?.applies(config) === true ? kind.conditional : kind;
  return { idempotency, ordering };
}

/** `null`: the target takes one message at a time. */
export function batchRules(kind: AnyKind, config: KindConfig): BatchRules | null {
  const { batch } = kind.limits;
  if (batch === null || kind.sharesRequests?.(config) === false) return null;
  const { items, bytes, isAtomic, isIdentity = false } = batch;
  return {
    items,
    bytes,
    // A target that keeps the order but may accept only part of a batch would store a message ahead of an earlier one that it refused.
    sharesKeys: isAtomic || guaranteesOf(kind, config).ordering === "none",
    isKept: isIdentity,
  };
}
