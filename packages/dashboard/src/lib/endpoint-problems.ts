import type { components } from "../api/schema.ts";
import type { Tone } from "../components/badge.tsx";

export type EndpointProblem = components["schemas"]["EndpointNeedingAttentionOut"]["problem"];

export const PROBLEMS = [
  "failing",
  "paused",
  "disabled",
  "unverified",
  "unavailable",
] as const satisfies readonly EndpointProblem[];

/** States that can resolve without a person are warnings. */
export const PROBLEM_TONES: Readonly<Record<EndpointProblem, Tone>> = {
  failing: "warn",
  paused: "warn",
  disabled: "bad",
  unverified: "bad",
  unavailable: "bad",
};

export function isProblem(name: unknown): name is EndpointProblem {
  return PROBLEMS.some((known) => known === name);
}
