import type { components } from "../api/schema.ts";
import type { Tone } from "../components/badge.tsx";

export type Trouble = components["schemas"]["EndpointInTroubleOut"]["trouble"];

export const TROUBLES = ["failing", "paused", "disabled", "unverified"] as const satisfies readonly Trouble[];

/** States that can resolve without a person are warnings. */
export const TROUBLE_TONES: Readonly<Record<Trouble, Tone>> = {
  failing: "warn",
  paused: "warn",
  disabled: "bad",
  unverified: "bad",
};

export function isTrouble(name: unknown): name is Trouble {
  return TROUBLES.some((known) => known === name);
}
