export interface MutableIncident {
  readonly state: string;
  readonly mutedUntil: string | null;
}

/** Whether an incident that is not resolved is muted now. */
export function isMuted({ state, mutedUntil }: MutableIncident): boolean {
  return state !== "resolved" && mutedUntil !== null && Date.parse(mutedUntil) > Date.now();
}
