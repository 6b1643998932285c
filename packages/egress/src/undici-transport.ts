import { Client, errors } from "undici";
import type { Dispatcher } from "undici";
import type { Opened } from "./connect/open.ts";
import { errorDetail, socketErrorCode } from "./connect/socket-error.ts";
import { EgressError } from "./errors.ts";
import type { EgressErrorCode } from "./errors.ts";
import type { OutgoingRequest, ReplyHandler, Transport } from "./transport.ts";

/** Marks the error of a connection that closed before anything was written, so that another one may be used. */
const STALE = Symbol("posthorn.egress.stale");

/** HTTP/1.1 through a separate undici client: for proxies, and for all requests when the `client` option asks for it. */
export class UndiciTransport implements Transport {
  /** undici closes idle connections itself. */
  readonly idleMs = Number.POSITIVE_INFINITY;
  readonly #client: Client;
  readonly #opened: Opened;

  constructor(
    origin: string,
    opened: Opened,
    limits: { readonly keepAliveMs: number; readonly maxHeaderBytes: number },
  ) {
    this.#opened = opened;
    let handed = false;
    this.#client = new Client(origin, {
      // The socket was opened and checked before. A second call means that it closed before the request was written.
      // The callback must be asynchronous, because undici is not ready for it during the call.
      connect: (_options, callback) => {
        const again = handed;
        handed = true;
        queueMicrotask(() => {
          if (again) callback(Object.assign(new Error("stale connection"), { [STALE]: true }), null);
          else callback(null, opened.socket);
        });
      },
      allowH2: false,
      pipelining: 1,
      // The exchange has its own timeout over all phases.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: limits.keepAliveMs,
      keepAliveMaxTimeout: Math.max(limits.keepAliveMs, 60_000),
      maxHeaderSize: limits.maxHeaderBytes,
    });
  }

  send({ method, path, headers, body }: OutgoingRequest, reply: ReplyHandler): void {
    const exchange = new UndiciExchange(reply, this.#opened);
    this.#client.dispatch({ method, path, headers: headers as string[], body }, exchange);
  }

  destroy(): void {
    this.#opened.socket.destroy();
    void this.#client.destroy().catch(() => {});
  }
}

/** Passes what undici reports about one request on to its handler. */
class UndiciExchange implements Dispatcher.DispatchHandler {
  #reply: ReplyHandler | null;
  readonly #opened: Opened;
  #controller: Dispatcher.DispatchController | null = null;

  constructor(reply: ReplyHandler, opened: Opened) {
    this.#reply = reply;
    this.#opened = opened;
  }

  /** undici calls this immediately before it writes the head, in the same turn of the event loop. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#reply?.onWrite() !== true) controller.abort(new EgressError("canceled", "the request was not written"));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (status < 200) this.#reply?.onInformational();
    else this.#reply?.onHead(status, flat(controller));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#reply?.onBody(chunk, 0, chunk.length);
  }

  /** undici decides only after this callback returns whether the socket stays open. */
  onResponseEnd(): void {
    const reply = this.#reply;
    this.#reply = null;
    queueMicrotask(() => reply?.onEnd(!this.#opened.socket.destroyed));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    // Once the request has been written, undici only reads the response, so the peer sent an invalid response.
    const fallback = this.#controller === null ? "internal" : "protocol";
    const reply = this.#reply;
    this.#reply = null;
    reply?.onFailure(new EgressError(codeOf(error) ?? fallback, errorDetail(error), { cause: error }));
  }
}

/** Code of an error from undici or a socket; `null` for any other error. */
function codeOf(error: Error): EgressErrorCode | null {
  if (error instanceof EgressError) return error.code;
  if (error instanceof errors.HeadersOverflowError) return "headers_too_large";
  if (error instanceof errors.HTTPParserError || error instanceof errors.ResponseContentLengthMismatchError)
    return "protocol";
  if (error instanceof errors.InvalidArgumentError || error instanceof errors.NotSupportedError) return "bad_request";
  if (error instanceof errors.RequestContentLengthMismatchError) return "bad_request";
  if (STALE in error || error instanceof errors.ClientDestroyedError) return "reset";
  if (error instanceof errors.SocketError)
    return /^bad (?:response|upgrade)$/.test(error.message) ? "protocol" : "reset";
  return socketErrorCode(error);
}

/** Header bytes as text in Latin-1, so that every byte is preserved. */
function flat(controller: Dispatcher.DispatchController): string[] {
  const raw = controller.rawHeaders;
  if (!Array.isArray(raw)) return [];
  const out: string[] = [];
  for (const part of raw) out.push(typeof part === "string" ? part : part.toString("latin1"));
  return out;
}
