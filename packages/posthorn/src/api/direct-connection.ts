/**
 * A connection on which ordinary requests of the hot routes are handled without Node's HTTP server. At the first other bytes, the
 * connection passes to that server for good. See decision 184.
 */
import { type OutgoingHttpHeaders, STATUS_CODES, validateHeaderName, validateHeaderValue } from "node:http";
import type { Socket } from "node:net";
import { type DirectHead, readHead } from "./direct-head.ts";
import type { HotResponse, HotRoute } from "./hot-route.ts";

/** Timeouts of a connection, in milliseconds. */
export interface ConnectionTimeouts {
  /** Time without a byte in either direction while a request has no response. */
  readonly stalledMs: number;
  /** How long an idle connection stays open. */
  readonly idleMs: number;
  /** Idle time in seconds that responses announce. Shorter than `idleMs`, so that a request just before the end does not fail. */
  readonly announcedIdle: number;
  /** How long a connection may be without a request before Node's server, which has a limit for that, gets it. */
  readonly firstMs: number;
}

export interface DirectConnectionOptions {
  readonly timeouts: ConnectionTimeouts;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Handles a request, or returns `false` before any side effect. */
  readonly route: HotRoute;
  /** Memory that all connections share. */
  readonly largeBodies: LargeBodies;
  /** Gives the connection to Node's server. */
  readonly handOver: (socket: Socket) => void;
  /** Called when the rest of a body is missing, and when it no longer is. */
  readonly onWaiting: (connection: DirectConnection, isWaiting: boolean) => void;
  /** The connection is closed, or was handed over. */
  readonly onGone: (connection: DirectConnection) => void;
}

/** A request whose body has not arrived completely. */
interface Incomplete {
  readonly head: DirectHead;
  readonly pieces: Buffer[];
  readonly maxPieces: number;
  missing: number;
}

/** Larger bodies go to Node's server. */
const MAX_BODY_BYTES = 256 * 1024;
/** Bodies up to this size are not counted by {@link LargeBodies}. */
const SMALL_BODY_BYTES = 64 * 1024;
/** Bodies in more pieces go to Node's server. Many clients send the head and the body separately. */
const MAX_PIECES = 4;
/** Of a large body, one more piece for so many bytes. A network delivers it in pieces of a few kilobytes. */
const BYTES_PER_PIECE = 1024;

/** Bounds the memory for large bodies that have not arrived completely. The clients may not be authenticated. */
export class LargeBodies {
  #free: number;

  constructor(bytes: number) {
    this.#free = bytes;
  }

  /** Returns whether there is room for a body. It must be given back. */
  take(bytes: number): boolean {
    if (bytes <= SMALL_BODY_BYTES) return true;
    if (bytes > this.#free) return false;
    this.#free -= bytes;
    return true;
  }

  giveBack(bytes: number): void {
    if (bytes > SMALL_BODY_BYTES) this.#free += bytes;
  }
}

export class DirectConnection {
  readonly #socket: Socket;
  readonly #options: DirectConnectionOptions;
  /** The response to the current request; `null`: the connection is idle. */
  #response: DirectResponse | null = null;
  #incomplete: Incomplete | null = null;
  /** Bytes that arrived before the response to the request before them. */
  #early: Buffer | null = null;
  #isUsed = false;
  /** The timeout is that of a connection that has been idle for `stalledMs`. */
  #isResting = false;
  /** The server closes. */
  #isClosing = false;

  constructor(socket: Socket, options: DirectConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.setTimeout(options.timeouts.firstMs);
    socket.on("data", this.#onData).on("end", this.#onEnd).on("timeout", this.#onTimeout);
    socket.on("error", ignore).on("close", this.#onClose);
  }

  /**
   * Closes the connection, after the response if a request has none. That response announces it: the client would otherwise send a request that
   * no one answers. Node's server gets the connection if a request may be on the way.
   */
  closeIfIdle(): void {
    this.#isClosing = true;
    if (!this.#isUsed || this.#incomplete !== null) this.giveUp();
    else if (this.#response === null) this.#socket.destroy();
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Gives the connection to Node's server, with what has arrived of a request. */
  giveUp(): void {
    this.#handOver(this.#incomplete === null ? null : Buffer.concat(this.#incomplete.pieces));
  }

  /** Headers at the end of each response: as Node writes them. */
  finalHeaders(isLast: boolean): string {
    const { now, timeouts } = this.#options;
    const date = `Date: ${httpDate(now())}\r\n`;
    if (isLast) return date;
    if (this.#closesNext) return `${date}Connection: close\r\n`;
    return `${date}Connection: keep-alive\r\nKeep-Alive: timeout=${timeouts.announcedIdle}\r\n`;
  }

  /** Whether the connection closes after the current response. What has already arrived is answered by Node's server first. */
  get #closesNext(): boolean {
    return this.#isClosing && this.#early === null;
  }

  /** Writes a response. Called once for each. */
  write(text: string, encoding: "latin1" | "utf8", isLast: boolean): void {
    const socket = this.#socket;
    const early = this.#early;
    const closes = isLast || this.#closesNext;
    this.#response = null;
    this.#early = null;
    // The client has closed its side, and Node's server would have closed the other.
    if (!socket.writable) return;
    socket.write(text, encoding);
    if (closes) socket.destroySoon();
    else if (early !== null) this.#handOver(early);
  }

  readonly #onData = (bytes: Buffer): void => {
    const socket = this.#socket;
    if (this.#response !== null) {
      // What follows stays in the socket, whose buffer is bounded.
      socket.pause();
      this.#early = this.#early === null ? bytes : Buffer.concat([this.#early, bytes]);
      return;
    }
    if (this.#incomplete !== null) return this.#continue(this.#incomplete, bytes);
    // A client that does not read its responses gets no further ones from here.
    const head = socket.writableLength > 0 ? null : readHead(bytes, socket);
    if (head === null || head.bodyLength > MAX_BODY_BYTES) return this.#handOver(bytes);
    const { bodyStart, bodyLength } = head;
    const missing = bodyStart + bodyLength - bytes.length;
    if (missing === 0) return this.#handle(head, bytes);
    if (missing < 0 || !this.#options.largeBodies.take(bodyLength)) return this.#handOver(bytes);
    const maxPieces = bodyLength > SMALL_BODY_BYTES ? MAX_PIECES + bodyLength / BYTES_PER_PIECE : MAX_PIECES;
    this.#incomplete = { head, pieces: [bytes], maxPieces, missing };
    this.#options.onWaiting(this, true);
  };

  #continue(incomplete: Incomplete, bytes: Buffer): void {
    const { head, pieces, maxPieces } = incomplete;
    incomplete.missing -= bytes.length;
    pieces.push(bytes);
    if (incomplete.missing > 0 && pieces.length < maxPieces) return;
    if (incomplete.missing !== 0) return this.giveUp();
    this.#endIncomplete();
    this.#options.onWaiting(this, false);
    this.#handle(head, Buffer.concat(pieces));
  }

  #endIncomplete(): void {
    if (this.#incomplete === null) return;
    this.#options.largeBodies.giveBack(this.#incomplete.head.bodyLength);
    this.#incomplete = null;
  }

  /** @param bytes A whole request. */
  #handle(head: DirectHead, bytes: Buffer): void {
    this.#response = new DirectResponse(this);
    if (!this.#options.route(head, this.#response, bytes.subarray(head.bodyStart))) {
      this.#response = null;
      return this.#handOver(bytes);
    }
    if (this.#isUsed && !this.#isResting) return;
    this.#isUsed = true;
    this.#isResting = false;
    this.#socket.setTimeout(this.#options.timeouts.stalledMs);
  }

  readonly #onEnd = (): void => {
    if (this.#incomplete === null) this.#socket.end();
    else this.#socket.destroy();
  };

  readonly #onClose = (): void => {
    this.#endIncomplete();
    this.#options.onGone(this);
  };

  readonly #onTimeout = (): void => {
    if (!this.#isUsed || this.#incomplete !== null) return this.giveUp();
    const { stalledMs, idleMs } = this.#options.timeouts;
    const rest = idleMs - stalledMs;
    if (this.#response !== null || this.#isResting || rest <= 0) return void this.#socket.destroy();
    this.#isResting = true;
    this.#socket.setTimeout(rest);
  };

  #handOver(bytes: Buffer | null): void {
    const socket = this.#socket;
    socket.off("data", this.#onData).off("end", this.#onEnd).off("timeout", this.#onTimeout);
    socket.off("error", ignore).off("close", this.#onClose);
    this.#endIncomplete();
    this.#options.onGone(this);
    if (socket.destroyed) return;
    socket.setTimeout(0);
    // Nothing is emitted between here and `resume`, so that Node's parser reads these bytes first.
    socket.pause();
    if (bytes !== null) socket.unshift(bytes);
    this.#options.handOver(socket);
    socket.resume();
  }
}

/** A failed socket closes by itself. */
function ignore(): void {}

/** A response with the bytes that Node's server would write. */
class DirectResponse implements HotResponse {
  readonly #connection: DirectConnection;
  #head = "";
  #isLast = false;
  headersSent = false;

  constructor(connection: DirectConnection) {
    this.#connection = connection;
  }

  /** Throws for a header that cannot be written. */
  writeHead(status: number, headers: readonly string[] | OutgoingHttpHeaders): this {
    const list = Array.isArray(headers) ? (headers as readonly string[]) : listOf(headers as OutgoingHttpHeaders);
    const { text: head, isLast } = headOf(status, list);
    this.#head = `${head}${this.#connection.finalHeaders(isLast)}\r\n`;
    this.#isLast = isLast;
    return this;
  }

  end(body: string | Uint8Array, encoding: "latin1" | "utf8"): this {
    if (this.headersSent) return this;
    this.headersSent = true;
    const isText = typeof body === "string";
    const text = isText ? body : Buffer.from(body).toString("latin1");
    // Like Node, which writes the head in the encoding of a text that follows it.
    this.#connection.write(this.#head + text, isText && body !== "" ? encoding : "latin1", this.#isLast);
    return this;
  }
}

/** The first lines of a response. */
interface KnownHead {
  /** Names and values of its headers, in turn. */
  readonly list: readonly string[];
  readonly text: string;
  readonly isLast: boolean;
}

/** The last head by status, without its last header, which is the length of the body in most responses. */
const knownHeads = new Map<number, KnownHead>();
const MAX_KNOWN_HEADS = 100;

/** Status line and headers of a response. Most responses repeat those before them, up to the last header. */
function headOf(status: number, list: readonly string[]): KnownHead {
  let known = knownHeads.get(status);
  if (known === undefined || !startsWith(list, known.list)) {
    known = withHeaders(
      { list: [], text: `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "unknown"}\r\n`, isLast: false },
      list.slice(0, -2),
    );
    // In one piece, because it is copied for each response.
    known = { ...known, text: Buffer.from(known.text, "latin1").toString("latin1") };
    if (knownHeads.size >= MAX_KNOWN_HEADS) knownHeads.clear();
    knownHeads.set(status, known);
  }
  return withHeaders(known, list.slice(known.list.length));
}

/** Whether a list has the given values and two more. */
function startsWith(list: readonly string[], values: readonly string[]): boolean {
  if (list.length !== values.length + 2) return false;
  for (let index = 0; index < values.length; index++) if (list[index] !== values[index]) return false;
  return true;
}

/** Adds headers. Throws for one that cannot be written. */
function withHeaders({ text, isLast }: KnownHead, list: readonly string[]): KnownHead {
  let head = text;
  let closes = isLast;
  for (let index = 0; index < list.length; index += 2) {
    const name = list[index] as string;
    const value = list[index + 1] as string;
    if (!validNames.has(name)) checkName(name);
    validateHeaderValue(name, value);
    if (name === "connection") closes = true;
    head += `${name}: ${value}\r\n`;
  }
  return { list, text: head, isLast: closes };
}

function listOf(headers: OutgoingHttpHeaders): readonly string[] {
  const list: string[] = [];
  for (const name of Object.keys(headers)) list.push(name, String(headers[name]));
  return list;
}

/** Names of response headers that were checked. */
const validNames = new Set<string>();
const MAX_NAMES = 100;

function checkName(name: string): void {
  validateHeaderName(name);
  if (validNames.size < MAX_NAMES) validNames.add(name);
}

let dateSecond = 0;
let dateText = "";

/** Value of `Date`, which changes once in a second. */
function httpDate(now: number): string {
  const second = Math.floor(now / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(now).toUTCString();
  }
  return dateText;
}
