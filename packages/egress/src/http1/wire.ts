import type { Socket } from "node:net";
import { errorDetail, socketErrorCode } from "../connect/socket-error.ts";
import type { Opened } from "../connect/open.ts";
import { EgressError } from "../errors.ts";
import { toEgressError } from "../failure.ts";
import type { OutgoingRequest, ReplyHandler, Transport } from "../transport.ts";
import type { ByteReceiver } from "./inbox.ts";
import { malformed } from "./malformed.ts";
import { ResponseParser, type ResponseSink } from "./parser.ts";

/** Deducted from the time that the peer announced, so that it does not close the connection with a request on its way. */
const KEEP_ALIVE_MARGIN_MS = 2000;
/** Longest idle time that a peer can ask for, unless `keepAliveMs` is longer. */
const MAX_KEEP_ALIVE_MS = 60_000;
/** A body up to this size is copied behind its head, so that both are one buffer. */
const MAX_COPIED_BODY = 16_384;

/** Limits of the client that apply to a wire. */
export interface WireLimits {
  readonly keepAliveMs: number;
  readonly maxHeaderBytes: number;
}

/** The built-in HTTP/1.1 client on one socket: one request at a time, written in one piece. */
export class Wire implements Transport, ByteReceiver, ResponseSink, Writable {
  readonly #socket: Socket;
  readonly #parser: ResponseParser;
  readonly #queue: WriteQueue;
  readonly #limits: WireLimits;
  #request: OutgoingRequest | null = null;
  #reply: ReplyHandler | null = null;
  /** The peer sent bytes before the first request. */
  readonly #isEarly: boolean;
  #isWritten = false;
  #isUsed = false;
  readonly #isTls: boolean;
  #isClosed = false;

  constructor({ socket, inbox, tls }: Opened, queue: WriteQueue, limits: WireLimits) {
    this.#socket = socket;
    this.#queue = queue;
    this.#limits = limits;
    this.#parser = new ResponseParser(limits.maxHeaderBytes);
    this.#isTls = tls !== null;
    this.#isEarly = inbox?.isEarly === true;
    // The timer of its deadline keeps the process running while a request has no response: see `Deadlines`.
    socket.unref();
    if (inbox === null) socket.on("data", (chunk: Buffer) => this.onBytes(chunk, chunk.length));
    else inbox.receiver = this;
    socket.on("end", () => this.#onPeerEnd());
    socket.on("error", (error) => this.#onSocketError(error));
    socket.on("close", () => this.#lose(new EgressError("reset", "the connection was closed")));
  }

  get idleMs(): number {
    const { keepAliveMs } = this.#limits;
    const announced = this.#parser.keepAliveMs;
    if (announced < 0) return keepAliveMs;
    return Math.min(announced - KEEP_ALIVE_MARGIN_MS, Math.max(keepAliveMs, MAX_KEEP_ALIVE_MS));
  }

  send(request: OutgoingRequest, reply: ReplyHandler): void {
    if (this.#isClosed || this.#socket.destroyed) {
      return reply.onFailure(new EgressError("reset", "the connection was closed while idle"));
    }
    this.#request = request;
    this.#reply = reply;
    if (this.#isUsed) this.#queue.add(this);
    else this.write();
  }

  destroy(): void {
    this.#isClosed = true;
    this.#request = this.#reply = null;
    this.#parser.close();
    this.#socket.destroy();
  }

  /** Called by the write queue. */
  write(): void {
    const request = this.#request;
    const reply = this.#reply;
    if (request === null || reply === null) return;
    if (this.#isEarly) return this.#lose(malformed("bytes before the request"));
    if (!this.#isDrained()) return;
    if (!this.#mayWrite(reply)) return;
    this.#isWritten = this.#isUsed = true;
    this.#parser.begin(this, request.method === "HEAD");
    this.#writeBytes(request.head, request.body);
  }

  /** An exception of the caller's `maySend` is a failure of its request. It must not stop the others of this turn. */
  #mayWrite(reply: ReplyHandler): boolean {
    try {
      return reply.onWrite();
    } catch (error) {
      this.#lose(toEgressError(error));
      return false;
    }
  }

  #writeBytes(head: string, body: Uint8Array | null): void {
    const socket = this.#socket;
    if (body === null) {
      socket.write(head, "latin1");
    } else if (body.byteLength <= MAX_COPIED_BODY) {
      const bytes = Buffer.allocUnsafe(head.length + body.byteLength);
      bytes.write(head, "latin1");
      bytes.set(body, head.length);
      socket.write(bytes);
    } else {
      socket.cork();
      socket.write(head, "latin1");
      socket.write(body);
      socket.uncork();
    }
  }

  // ---- events of the socket

  onBytes(bytes: Buffer, length: number): void {
    if (this.#isClosed) return;
    if (!this.#isWritten) return this.#lose(new EgressError("reset", "the peer sent bytes on an idle connection"));
    try {
      this.#parser.execute(bytes, length);
    } catch (error) {
      this.#lose(toEgressError(error));
    }
  }

  #onPeerEnd(): void {
    if (this.#isClosed || (this.#isWritten && this.#parser.finish())) return;
    this.#lose(this.#cutOff(new EgressError("reset", "the peer closed the connection")));
  }

  #onSocketError(error: Error): void {
    if (this.#isClosed) return;
    const code = socketErrorCode(error) ?? (this.#isWritten ? "protocol" : "internal");
    const failure = new EgressError(code, errorDetail(error), { cause: error });
    if (!("code" in error) || error.code !== "ECONNRESET") return this.#lose(failure);
    // A peer that reads less than was sent resets the connection after its last byte.
    if (!this.#isWritten || !this.#parser.finish()) this.#lose(this.#cutOff(failure));
  }

  /** The error of a body that ended early after the peer announced the end of the connection: not lost, but wrong. */
  #cutOff(lost: EgressError): EgressError {
    if (!this.#isWritten || !this.#parser.isClosing) return lost;
    return new EgressError("protocol", `the response ended early: ${lost.detail}`, { cause: lost });
  }

  /** Closes the connection, and reports it to the request if there is one. */
  #lose(error: EgressError): void {
    if (this.#isClosed) return;
    const reply = this.#reply;
    this.destroy();
    reply?.onFailure(error);
  }

  // ---- events of the parser

  onInformational(): void {
    this.#reply?.onInformational();
  }

  onHead(status: number, headers: string[]): void {
    this.#reply?.onHead(status, headers);
  }

  onBody(bytes: Buffer, from: number, to: number): void {
    this.#reply?.onBody(bytes, from, to);
  }

  onEnd(isReusable: boolean): void {
    const reply = this.#reply;
    const isLast = this.#request?.isLast === true;
    this.#request = this.#reply = null;
    this.#isWritten = false;
    const isPending = this.#socket.writableLength > 0;
    // Over TLS, Node reports the end of a write one turn later, so a fast response comes before it.
    if (isPending && this.#isTls) setImmediate(() => this.#isDrained());
    reply?.onEnd(isReusable && !isLast && this.idleMs > 0 && (!isPending || this.#isTls));
  }

  /** Closes a connection with unsent bytes of a completed request, because the peer would read the next request as their continuation. */
  #isDrained(): boolean {
    if (this.#isWritten || this.#socket.writableLength === 0) return true;
    this.#lose(new EgressError("reset", "the response came before the request was written completely"));
    return false;
  }
}

/** A connection with a request that must be written. */
export interface Writable {
  write(): void;
}

/**
 * Writes requests to reused connections in the check phase of the event loop, all of one turn together.
 *
 * Between the request and its writing, the event loop reports what happened to the idle socket: a peer that closed it,
 * so that the request goes to another connection instead of being lost, and bytes that would be taken for the response.
 */
export class WriteQueue {
  #waiting: Writable[] = [];
  #spare: Writable[] = [];
  readonly #flush = (): void => {
    const batch = this.#waiting;
    this.#waiting = this.#spare;
    for (const one of batch) one.write();
    batch.length = 0;
    this.#spare = batch;
  };

  add(one: Writable): void {
    if (this.#waiting.push(one) === 1) setImmediate(this.#flush);
  }
}
