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

/** In the form of the dispatcher. */
export function orderPolicy(values: OrderValues): OrderPolicy | null {
  if (values.by === "none") return null;
  const { by, onFailure, maxBlockSeconds } = values;
  return { by, onFailure, maxBlockMs: maxBlockSeconds === 0 ? null : maxBlockSeconds * 1000 };
}
