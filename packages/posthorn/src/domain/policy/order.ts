/** Ordered delivery: whether deliveries are made in the order of their messages. */
import type { OrderPolicy } from "../../dispatch/policy.ts";
import { defineSection } from "./section.ts";

export interface OrderValues {
  /** `none`: in any order. `endpoint`: one at a time. `key`: one at a time per ordering key. */
  readonly by: "none" | "endpoint" | "key";
  /** Effect of a failure on the deliveries behind it. */
  readonly onFailure: OrderPolicy["onFailure"];
  /** Seconds after which a blocking message is overtaken; 0: never. */
  readonly maxBlockSeconds: number;
}

export const order = defineSection<OrderValues>({
  tenant: "ManageEndpoint",
  platform: () => ({ by: "none", onFailure: "block", maxBlockSeconds: 86_400 }),
});

/** Order key of all deliveries to an endpoint that is ordered as a whole. Ordering keys of messages are never empty. */
export const WHOLE_ENDPOINT = "";

/** Order key of a delivery; `null`: it has no order. */
export function orderKeyOf(policy: OrderPolicy | null, orderingKey: string | null): string | null {
  if (policy === null) return null;
  return policy.by === "endpoint" ? WHOLE_ENDPOINT : orderingKey;
}

/** Converts the values for the dispatcher. */
export function orderPolicy(values: OrderValues): OrderPolicy | null {
  if (values.by === "none") return null;
  const { by, onFailure, maxBlockSeconds } = values;
  return { by, onFailure, maxBlockMs: maxBlockSeconds === 0 ? null : maxBlockSeconds * 1000 };
}
