/** Why an endpoint is disabled. Stored with the endpoint and shown with its health. */

export interface Disabled {
  /** Disabled by a person, or by Posthorn after long failure. */
  readonly trigger: "manual" | "automatic";
  /** Unix milliseconds. */
  readonly at: number;
  readonly reason: string | null;
  /** Unix milliseconds: start of the failures since the last success; `null`: none, or unknown. */
  readonly failSince: number | null;
}

export function disabledManually(at: number, reason: string | null = null): Disabled {
  return { trigger: "manual", at, reason, failSince: null };
}

/** Value of `disabled_json`. */
export function disabledJson(disabled: Disabled | null): string | null {
  return disabled === null ? null : JSON.stringify(disabled);
}

export function toDisabled(json: string | null): Disabled | null {
  return json === null ? null : (JSON.parse(json) as Disabled);
}
