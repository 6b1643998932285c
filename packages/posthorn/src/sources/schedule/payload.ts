/** Payload of the events of a schedule. */
import { formatOf } from "../../format/media-type.ts";

export interface PayloadConfig {
  readonly payload: string | null;
  readonly contentType: string;
}

export interface PayloadValues {
  /** ISO 8601, in UTC. */
  readonly scheduledAt: string;
  /** ISO 8601, with the offset of the time zone of the schedule. */
  readonly scheduledAtLocal: string;
  readonly name: string;
  readonly sourceId: string;
}

const PLACEHOLDER = /\{\{\s*(scheduledAt|scheduledAtLocal|name|sourceId)\s*\}\}/g;

export function renderPayload({ payload, contentType }: PayloadConfig, values: PayloadValues): string {
  if (payload === null) return JSON.stringify(values);
  const isJson = formatOf(contentType) === "json";
  return payload.replaceAll(PLACEHOLDER, (_match, name: keyof PayloadValues) => {
    const value = values[name];
    // The quotation marks are in the template.
    return isJson ? JSON.stringify(value).slice(1, -1) : value;
  });
}

const EXAMPLE: PayloadValues = { scheduledAt: "", scheduledAtLocal: "", name: "", sourceId: "" };

/** What is wrong with a payload; `null`: nothing. */
export function payloadProblem(config: PayloadConfig): { readonly field: "payload"; readonly problem: string } | null {
  if (config.payload === null || formatOf(config.contentType) !== "json") return null;
  try {
    JSON.parse(renderPayload(config, EXAMPLE));
    return null;
  } catch (error) {
    return { field: "payload", problem: `Must be valid JSON. ${error instanceof Error ? error.message : ""}`.trim() };
  }
}
