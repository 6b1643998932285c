/** Watches: their states, phases and colours. */
import type { components } from "../api/schema.ts";
import type { Tone } from "../components/badge.tsx";

export type Watch = components["schemas"]["WatchOut"];
export type WatchIn = components["schemas"]["WatchIn"];
export type DryRun = components["schemas"]["WatchDryRunOut"];

export const WATCH_STATES = ["raised", "pending", "clear", "paused"] as const;
export type WatchState = (typeof WATCH_STATES)[number];
export const WATCH_PHASES = ["raised", "pending", "clearing", "clear"] as const;
export type WatchPhase = (typeof WATCH_PHASES)[number];

export const STATE_TONES: Readonly<Record<WatchState, Tone>> = {
  raised: "bad",
  pending: "warn",
  clear: "good",
  paused: "neutral",
};
export const PHASE_TONES: Readonly<Record<WatchPhase, Tone>> = {
  raised: "bad",
  pending: "warn",
  clearing: "info",
  clear: "good",
};
export const TRANSITION_TONES: Readonly<Record<string, Tone>> = {
  raised: "bad",
  cleared: "good",
  reminded: "warn",
  changed: "info",
  overflow: "warn",
};

/** State of a watch with all its keys. The same as in the filter of lists. */
export function stateOf({ paused, phases }: Pick<Watch, "paused" | "phases">): WatchState {
  if (paused) return "paused";
  if (phases.raised + phases.clearing > 0) return "raised";
  return phases.pending > 0 ? "pending" : "clear";
}

/** A value on one line. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return "–";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
