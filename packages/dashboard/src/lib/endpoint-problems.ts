import type { components } from "../api/schema.ts";

export type EndpointProblem = components["schemas"]["EndpointNeedingAttentionOut"]["problem"];

export const PROBLEMS = [
  "failing",
  "paused",
  "disabled",
  "unverified",
  "unavailable",
  "degraded",
] as const satisfies readonly EndpointProblem[];

export function isProblem(name: unknown): name is EndpointProblem {
  return PROBLEMS.some((known) => known === name);
}
