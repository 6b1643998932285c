/** Levels of verification of a received request, by their API names. */
const TRUSTS = ["signed", "shared-secret", "none", "released"] as const;
export type Trust = (typeof TRUSTS)[number] | "unknown";

export function trustOf(name: string): Trust {
  return TRUSTS.find((known) => known === name) ?? "unknown";
}
