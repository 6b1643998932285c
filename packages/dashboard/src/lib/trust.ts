/** How a received request was verified, by its API name. */
const TRUSTS = ["signed", "shared-secret", "none", "released"] as const;
export type Trust = (typeof TRUSTS)[number] | "unknown";

export function trustOf(name: string): Trust {
  return TRUSTS.find((known) => known === name) ?? "unknown";
}
