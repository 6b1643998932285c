/** Converts committed rows to the events of the live feed. */
import type { AttemptRecord } from "../store/delivery.ts";

/** A message was accepted, or an attempt was recorded. `data` uses the field names of the HTTP API. */
export interface LiveEvent {
  readonly type: "message.accepted" | "attempt.recorded";
  /** Keys of the organisation and application it belongs to. */
  readonly orgId: number;
  readonly appKey: number;
  readonly data: object;
}

export interface DescribedMessage {
  readonly id: string;
  readonly eventType: string;
  readonly appKey: number;
  readonly appId: string;
  readonly appUid: string | null;
  readonly appName: string;
  readonly orgId: number;
  readonly timestamp: number;
}

export interface Described {
  readonly messages: ReadonlyMap<number, DescribedMessage>;
  /** Endpoints by key. */
  readonly endpoints: ReadonlyMap<number, { readonly id: string; readonly url: string }>;
}

/** Looks up messages and endpoints by their keys. */
export type Describe = (messages: readonly number[], endpoints: readonly number[]) => Promise<Described>;

/** Events in the order of their commits. Rows of deleted messages are omitted. */
export function toEvents(rows: readonly CommittedRow[], described: Described): readonly LiveEvent[] {
  return rows.flatMap((row): readonly LiveEvent[] => {
    const message = described.messages.get(row.kind === "accept" ? row.id : row.messageId);
    if (message === undefined) return [];
    const { orgId, appKey, appId, appUid, appName, eventType } = message;
    const about = { appId, appUid, appName, msgId: message.id, eventType };
    if (row.kind === "accept") {
      const { eventId, endpoints } = row;
      const data = {
        ...about,
        eventId,
        endpoints,
        timestamp: new Date(message.timestamp).toISOString(),
      };
      return [{ type: "message.accepted", orgId, appKey, data }];
    }
    const { attempt, due, endpointId } = row;
    const endpoint = described.endpoints.get(endpointId);
    const data = {
      ...about,
      endpointId: endpoint?.id ?? null,
      endpointUrl: endpoint?.url ?? null,
      id: attempt.publicId,
      status: attempt.status,
      responseStatusCode: attempt.responseCode,
      responseDurationMs: attempt.durationMs,
      errorCode: attempt.errorCode,
      nextAttempt: due === null ? null : new Date(due).toISOString(),
      timestamp: new Date(row.at).toISOString(),
    };
    return [{ type: "attempt.recorded", orgId, appKey, data }];
  });
}

/** The fields of a committed row that the feed needs. */
export type CommittedRow =
  | { readonly kind: "accept"; readonly id: number; readonly eventId: string | null; readonly endpoints: number }
  | {
      readonly kind: "record";
      readonly messageId: number;
      readonly endpointId: number;
      readonly due: number | null;
      readonly attempt: Pick<AttemptRecord, "publicId" | "status" | "responseCode" | "durationMs" | "errorCode">;
      /** Unix milliseconds. */
      readonly at: number;
    };
