/** Whether deliveries are made in the order of their messages. */
import type { OrderPolicy } from "../../dispatch/policy.ts";
import { defineSection } from "./section.ts";

export interface OrderValues {
  /** `none`: as they come. `endpoint`: one after the other. `key`: one after the other among those of one ordering key. */
  readonly by: "none" | "endpoint" | "key";
  /** What a failure does to those behind it. */
  readonly onFailure: OrderPolicy["onFailure"];
  /** A message that blocked for so many seconds is passed by; 0: never. */
  readonly maxBlockSeconds: number;
}

export const order = defineSection<OrderValues>({
  tenant: "ManageEndpoint",
  platform: () => ({ by: "none", onFailure: "block", maxBlockSeconds: 86_400 }),
});

/** The order key of every delivery to an endpoint that has one order for all. Ordering keys of messages are never empty. */
export const WHOLE_ENDPOINT = "";

/** What a delivery to an endpoint waits in line under; `null`: it does not. */
export function orderKeyOf(policy: OrderPolicy | null, orderingKey: string | null): string | null {
  if (policy === null) return null;
  return policy.by === "endpoint" ? WHOLE_ENDPOINT : orderingKey;
}

/** In the form of the dispatcher. */
export function orderPolicy(values: OrderValues): OrderPolicy | null {
  if (values.by === "none") return null;
  const { by, onFailure, maxBlockSeconds } = values;
  return { by, onFailure, maxBlockMs: maxBlockSeconds === 0 ? null : maxBlockSeconds * 1000 };
}
