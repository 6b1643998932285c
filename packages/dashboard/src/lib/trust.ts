/** What proved that a request that came in is genuine, as the API names it. */
const TRUSTS = ["signed", "shared-secret", "none", "released"] as const;
export type Trust = (typeof TRUSTS)[number] | "unknown";

export function trustOf(name: string): Trust {
  return TRUSTS.find((known) => known === name) ?? "unknown";
}
