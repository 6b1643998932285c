import type { EgressError } from "./errors.ts";

/** A request that is ready to be written. */
export interface OutgoingRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Flat list of names and values. */
  readonly headers: readonly string[];
  readonly body: Uint8Array | null;
  /** The complete head, in Latin-1, for the built-in client; empty for undici, which serialises the headers itself. */
  readonly head: string;
  /** The connection is closed after the response: HEAD, or a body that the method does not expect. */
  readonly isLast: boolean;
}

/** Receives what happens to a request on a connection. */
export interface ReplyHandler {
  /** Called immediately before the request is written, in the same turn. When it returns false, nothing is written. */
  onWrite(): boolean;
  /** An informational response (1xx) was received. */
  onInformational(): void;
  /** The head was received, with a flat list of names and values. */
  onHead(status: number, headers: string[]): void;
  /** Part of the body was received: the bytes from `from` to `to`, which are valid only during the call. */
  onBody(bytes: Buffer, from: number, to: number): void;
  /** The response is complete. `isReusable`: another request may be sent on the connection. */
  onEnd(isReusable: boolean): void;
  /** The request failed. The connection can no longer be used. */
  onFailure(error: EgressError): void;
}

/** Speaks HTTP/1.1 on one open socket, one request at a time. An idle socket does not keep the process running. */
export interface Transport {
  /** Milliseconds that the connection may stay idle. `Infinity` when the transport closes it itself. */
  readonly idleMs: number;
  /** Sends a request. A reused connection writes it only after pending events of its socket have been handled. */
  send(request: OutgoingRequest, reply: ReplyHandler): void;
  /** Closes the connection. The handler of a pending request may still receive a failure. */
  destroy(): void;
}
