import type { Tone } from "../components/badge.tsx";

/** Status codes of deliveries and attempts in the API. */
export const STATUS = { 0: "success", 1: "pending", 2: "fail", 3: "sending", 4: "canceled" } as const;
export type StatusName = (typeof STATUS)[keyof typeof STATUS];

const TONES: Readonly<Record<StatusName, Tone>> = {
  success: "good",
  pending: "info",
  fail: "bad",
  sending: "warn",
  canceled: "neutral",
};

export function statusName(status: number): StatusName {
  return STATUS[status as keyof typeof STATUS] ?? "pending";
}

export function toneOf(status: number): Tone {
  return TONES[statusName(status)];
}

/** Tones of the delivery states of `GET …/msg/{id}/delivery`. */
export const DELIVERY_TONES = {
  pending: "info",
  retrying: "warn",
  held: "warn",
  succeeded: "good",
  failed: "bad",
  canceled: "neutral",
} as const satisfies Readonly<Record<string, Tone>>;
export type DeliveryWord = keyof typeof DELIVERY_TONES;

export interface DeliveryCounts {
  readonly succeeded: number;
  readonly failed: number;
  readonly retrying: number;
  readonly pending: number;
  readonly held: number;
  readonly canceled: number;
}

export interface Outcome {
  readonly word: DeliveryWord | "unmatched";
  readonly tone: Tone;
  readonly done: number;
  readonly total: number;
}

/** Status of a message: the worst state of its deliveries. */
export function outcomeOf(counts: DeliveryCounts): Outcome {
  const { succeeded, failed, held, retrying, pending, canceled } = counts;
  const total = succeeded + failed + held + retrying + pending + canceled;
  const order = ["failed", "held", "retrying", "pending", "succeeded", "canceled"] as const;
  const word = order.find((name) => counts[name] > 0) ?? "unmatched";
  return { word, tone: word === "unmatched" ? "neutral" : DELIVERY_TONES[word], done: succeeded, total };
}
