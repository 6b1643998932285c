import type { ApiFailure, ApiRequest, ApiResponse, EventContent, ListedEvent } from "../../backfill/types.ts";

/** Result of storing an event that was read from a provider's API. */
export type BackfillResult =
  | "stored"
  /** The event was stored before. */
  | "duplicate"
  /** The source has been deleted. */
  | "gone";

/** Access to provider APIs, and the intake for the events read from them. */
export interface ProviderApis {
  /** Never rejects. */
  send(request: ApiRequest): Promise<ApiResponse | ApiFailure>;
  /** Stores an event for a source. Resolves after the commit. */
  take(sourceKey: number, content: EventContent, listed: ListedEvent | null): Promise<BackfillResult>;
}
