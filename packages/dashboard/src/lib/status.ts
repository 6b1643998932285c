import type { Tone } from "../components/badge.tsx";

/** Where a delivery or an attempt stands, as the API numbers it. */
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
