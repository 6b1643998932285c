/** Operations on live sources, implemented by `ingest`. */
import type { DiagnosisJob, DiagnosisReport } from "../ingest/diagnosis.ts";
import type { InboundRequest } from "./message/request.ts";

/** An event that a person sends to try a source. */
export interface SampleEvent {
  /** Unique, so that the same sample can be sent again. */
  readonly id: string;
  readonly type: string;
  /** JSON. */
  readonly body: Uint8Array;
}

/** What can be done with a source that receives events. */
export interface SourceOperations {
  /** Removes a source from the cache. The next request loads it again. */
  invalidate(sourceKey: number): void;
  /** Removes all sources from the cache. */
  clear(): void;
  /** Stores the event of a quarantined request as if it had been verified. Returns the message ID, or `null` for a duplicate. */
  release(sourceKey: number, request: InboundRequest, body: Uint8Array): Promise<string | null>;
  /** Stores an event that a person sends to try the source. Returns the message ID. */
  sample(sourceKey: number, event: SampleEvent): Promise<string>;
  /** Renews the signature of a verified request, with the current time. Never rejects. */
  resign(sourceKey: number, request: ReceivedRequest): Promise<Resigned>;
  /** Sends the source a request as its provider would. `url`: that of the source. */
  test(sourceKey: number, url: string): Promise<SourceTest>;
  /** Finds out why a request fails verification. `otherSecrets`: further secrets to try, by name. */
  diagnose(
    sourceKey: number,
    request: DiagnosisJob["request"],
    otherSecrets: Readonly<Record<string, string>>,
  ): Promise<DiagnosisReport>;
}

/** A verified request of a provider. */
export interface ReceivedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
  /** Name of the scheme with which it was verified. */
  readonly scheme: string;
}

/** A signature that was renewed: the headers that differ, with names in lower case. */
export type Resigned =
  | { readonly kind: "signed"; readonly headers: readonly (readonly [name: string, value: string])[] }
  | { readonly kind: "refused"; readonly reason: string };

/** How a source answered a test request. */
export interface SourceTest {
  /** Name of the prepared event; `null`: there is none of this provider. */
  readonly event: string | null;
  /** Status of the response. */
  readonly status: number;
  /** Whether the request was verified and its event stored. */
  readonly accepted: boolean;
}
