/** Messages between the main thread and the connector thread. Each side collects the messages of one turn and posts them together. */
import type { Cursor, SourceEvent, Unreadable } from "../../sources/source-event.ts";
import type { ListenFailure } from "../../sources/listeners/listener.ts";
import type { ItemResult, KindConfig } from "../kind.ts";
import type { Cell } from "./message-cells.ts";

/** Connection settings. Messages with the same settings share a link. */
export interface LinkSpec {
  readonly kind: string;
  readonly config: KindConfig;
  /** Application. Links are never shared between applications, and limited per application. */
  readonly tenant: number;
}

export type ToThread =
  /** Announces settings before the first message that refers to them. */
  | { readonly op: "link"; readonly link: number; readonly spec: LinkSpec }
  | { readonly op: "forget"; readonly link: number }
  | {
      readonly op: "send";
      /** Messages without their bodies (see `message-cells.ts`), which are in the common buffer of the post. */
      readonly cells: readonly Cell[];
      readonly bodyStart: number;
      /** Unix milliseconds at which the caller allowed the sending of the first of them. */
      readonly allowedAt: number;
    }
  /** Reply to `ask`. */
  | { readonly op: "go"; readonly id: number }
  | { readonly op: "cancel"; readonly id: number; readonly isTimeout: boolean }
  | { readonly op: "vetted"; readonly id: number; readonly result: VetResult }
  | ({ readonly op: "listen"; readonly id: number; readonly link: number } & ListenSpec)
  /** Everything of the batch is on disk. */
  | { readonly op: "settled"; readonly id: number; readonly batch: number }
  /** Close the connection. Unsettled messages must not be acknowledged. */
  | { readonly op: "unlisten"; readonly id: number }
  /** Remove what the listener has created at the broker. */
  | { readonly op: "remove"; readonly id: number; readonly link: number; readonly session: string }
  | { readonly op: "ping"; readonly id: number };

/** How a source is read over a connection. See `ListenHost`. */
export interface ListenSpec {
  readonly session: string;
  readonly cursor: Cursor | null;
  readonly window: number;
  readonly maxBodyBytes: number;
}

/** Events that a listener hands over together. Bodies are empty in `events` and `unreadable`, and follow one another in `bodies`. */
export interface ListenBatch {
  readonly batch: number;
  readonly events: readonly SourceEvent[];
  readonly unreadable: readonly Unreadable[];
  /** `null`: unchanged. */
  readonly cursor: Cursor | null;
}

/** Why a listener has ended. `flood`: the broker sent more than its window allows. */
export type ListenEnd =
  | { readonly kind: "failed"; readonly failure: ListenFailure; readonly isFlood: boolean }
  | { readonly kind: "own_fault"; readonly code: string; readonly detail: string };

export interface PostToThread {
  readonly items: readonly ToThread[];
  /** Bodies of the messages, one after the other. */
  readonly bodies: Uint8Array;
}

export type FromThread =
  /**
   * The target has stored all messages of some sendings. A flat list, which costs less to clone: of each, ID, `connectMs` and `peer` of the
   * link (see `LinkFacts`), number of messages, and the reference of each message.
   */
  | { readonly op: "stored"; readonly cells: readonly Cell[] }
  | { readonly op: "done"; readonly id: number; readonly result: ThreadResult }
  /** The messages are ready to be sent after a wait. Asks whether they still may be. */
  | { readonly op: "ask"; readonly id: number }
  | { readonly op: "vet"; readonly id: number; readonly link: number; readonly host: string; readonly port: number }
  | { readonly op: "listening"; readonly id: number }
  | ({
      readonly op: "batch";
      readonly id: number;
      readonly bodies: Uint8Array<ArrayBuffer>;
      readonly lengths: readonly number[];
    } & ListenBatch)
  | { readonly op: "ended"; readonly id: number; readonly end: ListenEnd }
  /** Reply to `remove`. `null`: it is removed. */
  | { readonly op: "removed"; readonly id: number; readonly end: ListenEnd | null }
  | { readonly op: "pong"; readonly id: number }
  | { readonly op: "count"; readonly counts: ThreadCounts };

/** Current numbers of the thread, for metrics. */
export interface ThreadCounts {
  /** Open links by kind. */
  readonly links: Readonly<Record<string, number>>;
  /** Heap and buffers of the thread. */
  readonly memoryBytes: number;
}

export interface Relay {
  readonly port: number;
  /** Address of the target, for the record of attempts. */
  readonly address: string;
}

export interface VettedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/**
 * Addresses that may be dialled, a local port that leads to the target through the proxy of the operator, or why the target may not be
 * dialled. `sentence` is safe to show; `detail` is for operators.
 */
export type VetResult =
  | { readonly allowed: true; readonly addresses: readonly VettedAddress[]; readonly relay: Relay | null }
  | {
      readonly allowed: false;
      readonly code: string;
      readonly sentence: string;
      readonly detail: string;
      /** Posthorn's own fault, such as a resolver that does not respond. */
      readonly isOurs: boolean;
    };

/** `items`: one result per message. `own_fault`: nothing was sent, for a reason that is not the target's fault. */
export type ThreadResult =
  | { readonly kind: "items"; readonly results: readonly ItemResult[]; readonly facts: LinkFacts }
  | { readonly kind: "own_fault"; readonly code: string; readonly detail: string };

/** Facts for the record of an attempt. */
export interface LinkFacts {
  /** Milliseconds until the connection was open; `null`: it was open already. */
  readonly connectMs: number | null;
  /** `address:port` of the last connection that was opened. */
  readonly peer: string | null;
}

export interface ThreadOptions {
  /** Whether connections may go through a proxy of the operator. */
  readonly isProxied: boolean;
  readonly maxLinks: number;
  readonly maxLinksPerTenant: number;
  readonly idleMs: number;
}
