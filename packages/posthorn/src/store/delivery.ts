/**
 * Deliveries and attempts, as the store and the dispatcher exchange them. Types only: the dispatcher imports nothing else from outside its
 * folder.
 */
import type { AttemptStatus, DeliveryState, Trigger } from "./schema.ts";

/** A due delivery in memory: one message for one endpoint. */
export interface Job {
  readonly messageId: number;
  readonly publicId: string;
  readonly endpointId: number;
  /** When it became due, Unix milliseconds. */
  readonly due: number;
  /** Scheduled attempts that counted so far. */
  readonly attempts: number;
  readonly generation: number;
  readonly trigger: Trigger;
  readonly contentType: string;
  readonly orderingKey: string | null;
  /** The inbound request of the message, without its body; `null` for a published message. */
  readonly requestJson: string | null;
  /** The exact body; `null` when it is large or redacted and must be read separately, or expunged. */
  readonly payload: Uint8Array | null;
  /** Whether the stored payload is redacted. Absent: no. */
  readonly isRedacted?: boolean;
  /** Redacted parts of the payload (see `Redaction`); absent: they must be read with the exact body, if the payload is redacted. */
  readonly spans?: readonly number[];
  /** Values that destinations other than webhooks send in addition to the payload; absent: must be read separately. */
  readonly labels?: MessageLabels;
  /** Size of the payload; absent: that of `payload`. */
  readonly bytes?: number;
  /** No attempt is made from this time on, Unix milliseconds; absent or `null`: there is no such time. */
  readonly deliverUntil?: number | null;
  /** When its first attempt was due, Unix milliseconds; absent: at `due`. */
  readonly firstDue?: number;
  /**
   * A first attempt that nothing delays: it is due regardless of the clock (see `immediate.ts`). Set where `due` can lie in the future.
   * Absent: `due` decides.
   */
  readonly immediate?: boolean;
  /** Ordering key: the job waits for those of its endpoint with the same key and a lower message key. Absent or `null`: no order. */
  readonly orderKey?: string | null;
  /** Whether it was resent manually, not as part of a recovery, so that it waits for no other job. */
  readonly resent?: boolean;
  /** Trace context of the message: see `lib/trace-context.ts`; absent or `null`: none. */
  readonly traceContext?: string | null;
}

/** As stored with the message. */
export interface MessageLabels {
  readonly eventType: string;
  readonly eventId: string | null;
  readonly channelsJson: string | null;
  readonly tagsJson: string | null;
}

/** Result of one attempt, as it is stored. */
export interface AttemptRecord {
  readonly id: number;
  readonly publicId: string;
  readonly url: string;
  readonly status: AttemptStatus;
  /** 0 when there was no response. */
  readonly responseCode: number;
  readonly response: string;
  readonly durationMs: number;
  readonly errorCode: string | null;
  /** Headers, timings and peer address as JSON, for people to read. */
  readonly detailJson: string | null;
  /**
   * Whether it is the first attempt of a delivery of a message without a delay, and succeeded. Its latency then follows from the two keys, so
   * statistics need neither the delivery nor the message. Absent: no.
   */
  readonly isImmediateSuccess?: boolean;
  /** Whether it failed before anything was sent, so that it says nothing about the endpoint. Not stored. */
  readonly unsent?: true;
}

/** Permission to record outcomes of a shard. The fence grows with each change of owner, which makes older leases invalid. */
export interface Lease {
  readonly shard: number;
  readonly fence: number;
}

/** Effect of an attempt, or of the decision not to make one, on its delivery. */
export interface Outcome {
  readonly messageId: number;
  readonly endpointId: number;
  readonly generation: number;
  readonly trigger: Trigger;
  readonly state: DeliveryState;
  /** Next due time; `null` for a final state. Ignored after a manual attempt. */
  readonly due: number | null;
  /** Scheduled attempts that counted so far, this one included. */
  readonly attempts: number;
  readonly attempt: AttemptRecord | null;
  /** Why and when it was canceled. */
  readonly cancel?: { readonly reason: string; readonly at: number } | null;
  /**
   * From this time on, later deliveries of its order key may overtake it. An earlier time that is already set is kept; absent or `null`:
   * unchanged.
   */
  readonly passAt?: number | null;
  /** The lease under which the attempt was made; absent where only one node exists. */
  readonly lease?: Lease;
  /**
   * Whether it may be committed some milliseconds later, together with others, because no other delivery waits for it.
   * Not stored.
   */
  readonly mayWait?: boolean;
}

/** A batch that its target recognises by its members; it is always resent as a whole. */
export interface KeptBatch {
  readonly id: number;
  readonly endpointId: number;
  /** In the order in which they are sent. */
  readonly messageIds: readonly number[];
}

/** Storage of batches. */
export interface BatchStore {
  /** Kept batches of an endpoint that have not been deleted, oldest first. */
  list(endpointId: number): Promise<readonly KeptBatch[]>;
  /**
   * Resolves once the batch is on disk. Rejects with `shard_lost` when its lease is no longer held; then nothing was written.
   *
   * @param ended Batches that are no longer needed, which are deleted.
   */
  keep(batch: KeptBatch, lease: Lease | undefined, ended: readonly number[]): Promise<void>;
  /** The pending deliveries among these, due or not, without payloads. Includes every outcome that was recorded before the call. */
  members(endpointId: number, messageIds: readonly number[]): Promise<readonly Job[]>;
}

/** How to select a page other than by the longest waiting time. */
export type PageSelection =
  /**
   * The jobs that are due for the longest time, or that became due most recently. `known`: messages in memory whose job has generation 0; the
   * page leaves them out, but not one that was made due again since.
   */
  | { readonly kind: "oldest" | "newest"; readonly known: readonly number[] }
  /**
   * The jobs that may start: every earlier delivery of the same key is final, or among `known`, the message keys in memory. `keys`: a few
   * jobs of each of these keys, lowest messages first; `null`: jobs of all keys, by due time from a position on.
   */
  | {
      readonly kind: "ordered";
      readonly after: Position;
      readonly known: readonly number[];
      readonly keys: readonly string[] | null;
      /** Jobs per key of `keys`; absent: 16. */
      readonly perKey?: number;
    };

/** A position among the deliveries of an endpoint by due time: just after this one. */
export interface Position {
  readonly due: number;
  readonly messageId: number;
}

export interface JobPage {
  /** Due now, longest waiting first unless selected otherwise. */
  readonly deliveries: readonly Job[];
  /** When the first delivery that is not in this page is due; `null` when there is none. */
  readonly nextDue: number | null;
  /** Set for the selection `ordered`. */
  readonly ordered?: OrderedPage;
}

export interface OrderedPage {
  /** The last delivery that was scanned. */
  readonly scannedTo: Position;
  /** Nothing more is due. */
  readonly done: boolean;
  /** For each key with deliveries that must still wait: the position just before the first of them. */
  readonly left: readonly { readonly key: string; readonly at: Position }[];
  /** When the first blocking delivery may be overtaken; `null`: none is known. */
  readonly passAt: number | null;
  /** Requested keys that were not scanned because the page was full. */
  readonly unread: readonly string[];
}

export interface EndpointBacklog {
  readonly endpointId: number;
  /** When its first delivery is due. */
  readonly due: number;
}
