/** State of a subscription at a WebSub hub. It is the cursor of the source. */
import type { Cursor } from "./driver.ts";

export interface Subscription {
  /** `found`: it is about to be requested. `requested`: the hub has not confirmed it yet. */
  readonly state: "found" | "requested" | "active";
  readonly hub: string;
  /** Canonical URL of the topic at the hub. */
  readonly topic: string;
  /** URL at which it was requested. When the URL of the source is rotated, another subscription is needed. */
  readonly callback: string;
  /** Unix milliseconds. */
  readonly requestedAt: number;
  /** Requests in a row that the hub did not confirm in time. */
  readonly unconfirmed: number;
  /** When it ends, in Unix milliseconds; `null`: not confirmed. */
  readonly leasedUntil: number | null;
  /** When it is renewed, in Unix milliseconds; `null`: not confirmed. */
  readonly renewAt: number | null;
}

export function toSubscription(cursor: Cursor | null): Subscription | null {
  return cursor === null ? null : (cursor as unknown as Subscription);
}

export function fromSubscription(subscription: Subscription): Cursor {
  return { ...subscription };
}

/** After the hub has confirmed it. */
export function confirmed(subscription: Subscription, leaseSeconds: number, now: number): Subscription {
  const leaseMs = leaseSeconds * 1000;
  return {
    ...subscription,
    state: "active",
    unconfirmed: 0,
    leasedUntil: now + leaseMs,
    renewAt: now + Math.max(30_000, Math.floor((leaseMs * 2) / 3)),
  };
}
