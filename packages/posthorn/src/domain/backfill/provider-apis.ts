import type { ApiResponse, ApiRequest, ApiFailure, EventContent, ListedEvent } from "../../backfill/types.ts";

/** What became of an event that was read from a provider's API. */
export type TakenIn =
  | "stored"
  /** It came in before. */
  | "duplicate"
  /** The source was deleted meanwhile. */
  | "gone";

/** What reaches providers' APIs, and the inside of the door. */
export interface ProviderApis {
  /** Never rejects. */
  send(request: ApiRequest): Promise<ApiResponse | ApiFailure>;
  /** As if it had come in through the door of the source. Resolves once it is on disk. */
  takeIn(sourceKey: number, content: EventContent, listed: ListedEvent | null): Promise<TakenIn>;
}
