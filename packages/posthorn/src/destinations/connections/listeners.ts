/** Runs the listeners of the connector thread, collects the messages that they deliver, and bounds those that wait to be stored. */
import type { Cursor, SourceEvent, Unreadable } from "../../sources/source-event.ts";
import { loadListener } from "../../sources/listeners.ts";
import { listenFailure } from "../../sources/listeners/failure.ts";
import { ListenError, type Listener, type ListenHost, ListenStopped } from "../../sources/listeners/listener.ts";
import { causesOf, connectionFailure, unknownFailure } from "./failure.ts";
import { type DialContext, GuardError } from "./guard.ts";
import type { FromThread, LinkSpec, ListenEnd, ListenSpec, ToThread } from "./protocol.ts";

export interface ListenersOptions {
  readonly dialContext: (link: number) => DialContext;
  readonly post: (message: FromThread, transfer?: ArrayBuffer | null) => void;
}

/** Maximum events that are handed over at once. */
const BATCH = 64;
const BATCH_BYTES = 1024 * 1024;
/** Bytes waiting to be stored at which a listener stops reading. */
const FULL_BYTES = 8 * 1024 * 1024;
/**
 * Bytes that a broker may send ahead of storage. Beyond that, the connection ends and is reopened with a smaller
 * window.
 */
const ALLOWANCE = 32 * 1024 * 1024;
/** Overhead of a message in addition to its body. */
const MESSAGE_BYTES = 16_384;
/** Heartbeats and empty responses of an idle connection. */
const IDLE_ALLOWANCE = 256 * 1024;
const IDLE_MS = 5000;
/** Time for a listener to close its connection after it was stopped. Its sockets are destroyed then. */
const CLOSE_MS = 2000;
/** Time to remove something at a broker. */
const REMOVE_MS = 10_000;

type Listen = Extract<ToThread, { readonly op: "listen" }>;

export class Listeners {
  readonly #options: ListenersOptions;
  readonly #sessions = new Map<number, Session>();

  constructor(options: ListenersOptions) {
    this.#options = options;
  }

  /** Number of connected or connecting listeners by kind. */
  get counts(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { kind } of this.#sessions.values()) counts[kind] = (counts[kind] ?? 0) + 1;
    return counts;
  }

  listen({ id, link, ...listen }: Listen, { kind, config }: LinkSpec): void {
    const { post, dialContext } = this.#options;
    const context = dialContext(link);
    const session = new Session({ ...listen, id, kind, config, context, post });
    this.#sessions.set(id, session);
    const ended = (end: ListenEnd | null): void => {
      this.#sessions.delete(id);
      if (end !== null) post({ op: "ended", id, end });
    };
    void session.run().then(ended);
  }

  settled(id: number, batch: number): void {
    this.#sessions.get(id)?.settled(batch);
  }

  stop(id: number): void {
    this.#sessions.get(id)?.stop();
  }

  async remove(
    { id, link, session }: Extract<ToThread, { readonly op: "remove" }>,
    { kind, config }: LinkSpec,
  ): Promise<void> {
    const { post, dialContext } = this.#options;
    const context = dialContext(link);
    const controller = new AbortController();
    // Sockets of a peer that does not respond are destroyed, which ends the work.
    const timer = setTimeout(() => {
      controller.abort();
      context.end();
    }, REMOVE_MS);
    let listener: Listener | null = null;
    let end: ListenEnd | null = null;
    try {
      listener = await loadListener(kind);
      const removed = listener?.forget?.bind(listener);
      const host = { config, session, signal: controller.signal };
      if (removed !== undefined) await context.unlessRefused(context.run(() => removed(host)));
    } catch (error) {
      end = endOf(error, listener);
    } finally {
      clearTimeout(timer);
      controller.abort();
      context.end();
    }
    post({ op: "removed", id, end });
  }
}

interface SessionOptions extends ListenSpec, Pick<ListenersOptions, "post"> {
  readonly id: number;
  readonly kind: string;
  readonly config: LinkSpec["config"];
  readonly context: DialContext;
}

type Item =
  | { readonly kind: "event"; readonly event: SourceEvent }
  | { readonly kind: "unreadable"; readonly unreadable: Unreadable }
  | { readonly kind: "cursor"; readonly cursor: Cursor };

interface Waiting {
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** One connection of one source. */
class Session {
  readonly kind: string;
  readonly #options: SessionOptions;
  readonly #abort = new AbortController();
  readonly #batches = new Map<number, readonly Waiting[]>();
  #items: Item[] = [];
  #waiting: Waiting[] = [];
  #bytes = 0;
  /** Bodies of everything that is not settled. */
  #unsettledBytes = 0;
  #unsettled = 0;
  #lastBatch = 0;
  #isFlushing = false;
  #roomWaiters: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];

  constructor(options: SessionOptions) {
    this.#options = options;
    this.kind = options.kind;
  }

  /** @returns Why it has ended; `null`: it was stopped. Never rejects. */
  async run(): Promise<ListenEnd | null> {
    const { context, kind } = this.#options;
    const most = this.#most;
    context.allow(most, most);
    const idle = setInterval(() => context.allow(IDLE_ALLOWANCE, most), IDLE_MS);
    let listener: Listener | null = null;
    try {
      listener = await loadListener(kind);
      if (listener === null) throw new Error(`there is no listener for ${kind}`);
      const listening = listener;
      await context.unlessRefused(context.run(() => listening.listen(this.#host())));
      return this.#abort.signal.aborted ? null : endOf(CLOSED, listener);
    } catch (error) {
      return this.#abort.signal.aborted ? null : endOf(error, listener);
    } finally {
      clearInterval(idle);
      this.stop();
      context.end();
    }
  }

  settled(batch: number): void {
    const settled = this.#batches.get(batch);
    if (settled === undefined) return;
    this.#batches.delete(batch);
    const { context } = this.#options;
    const most = this.#most;
    for (const { bytes, resolve } of settled) {
      this.#unsettled--;
      this.#unsettledBytes -= bytes;
      context.allow(bytes + MESSAGE_BYTES, most);
      resolve();
    }
    if (this.#isFull) return;
    const waiters = this.#roomWaiters;
    this.#roomWaiters = [];
    for (const { resolve } of waiters) resolve();
  }

  /** Ends the connection. What is not settled is rejected. */
  stop(): void {
    if (this.#abort.signal.aborted) return;
    const stopped = new ListenStopped("The source is no longer read here.");
    this.#abort.abort(stopped);
    for (const waiting of this.#waiting) waiting.reject(stopped);
    for (const batch of this.#batches.values()) for (const waiting of batch) waiting.reject(stopped);
    for (const { reject } of this.#roomWaiters) reject(stopped);
    this.#waiting = [];
    this.#items = [];
    this.#batches.clear();
    this.#roomWaiters = [];
    setTimeout(() => this.#options.context.end(), CLOSE_MS);
  }

  /** Bytes that the broker may send ahead of storage. */
  get #most(): number {
    return Math.max(ALLOWANCE, 2 * this.#options.maxBodyBytes);
  }

  get #isFull(): boolean {
    return this.#unsettled >= this.#options.window || this.#unsettledBytes >= FULL_BYTES;
  }

  #host(): ListenHost {
    const { config, session, cursor, window, maxBodyBytes, id, post } = this.#options;
    const isFull = (): boolean => this.#isFull;
    const skipped = (bytes: number): void => this.#options.context.allow(bytes, this.#most);
    return {
      config,
      session,
      cursor,
      window,
      maxBodyBytes,
      signal: this.#abort.signal,
      now: Date.now,
      connected: () => post({ op: "listening", id }),
      deliver: (event) => this.#add({ kind: "event", event }, event.body.byteLength),
      quarantine: (unreadable) => this.#add({ kind: "unreadable", unreadable }, unreadable.body.byteLength),
      save: (next) => this.#add({ kind: "cursor", cursor: next }, 0),
      skipped,
      shorten: (make) => this.#options.context.filter((socket, pass) => make({ pass, skipped }, socket)),
      get isFull() {
        return isFull();
      },
      room: () => this.#room(),
    };
  }

  #room(): Promise<void> {
    const { signal } = this.#abort;
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    if (!this.#isFull) return Promise.resolve();
    return new Promise((resolve, reject) => void this.#roomWaiters.push({ resolve, reject }));
  }

  #add(item: Item, bytes: number): Promise<void> {
    const { signal } = this.#abort;
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    this.#items.push(item);
    this.#bytes += bytes;
    this.#unsettled++;
    this.#unsettledBytes += bytes;
    const added = new Promise<void>((resolve, reject) => void this.#waiting.push({ bytes, resolve, reject }));
    // A listener that only acknowledges afterwards need not handle being stopped.
    added.catch(() => undefined);
    if (this.#items.length >= BATCH || this.#bytes >= BATCH_BYTES) this.#flush();
    else if (!this.#isFlushing) {
      this.#isFlushing = true;
      setImmediate(() => {
        this.#isFlushing = false;
        this.#flush();
      });
    }
    return added;
  }

  #flush(): void {
    const [items, waiting] = [this.#items, this.#waiting];
    if (items.length === 0) return;
    this.#items = [];
    this.#waiting = [];
    const batch = ++this.#lastBatch;
    this.#batches.set(batch, waiting);
    const bodies = new Uint8Array(this.#bytes);
    this.#bytes = 0;
    let offset = 0;
    const lengths: number[] = [];
    const take = (body: Uint8Array): Uint8Array => {
      bodies.set(body, offset);
      offset += body.byteLength;
      lengths.push(body.byteLength);
      return NO_BYTES;
    };
    // In this order, because `lengths` has those of the events first.
    const events = items.flatMap((item) =>
      item.kind === "event" ? [{ ...item.event, body: take(item.event.body) }] : [],
    );
    const unreadable = items.flatMap((item) =>
      item.kind === "unreadable" ? [{ ...item.unreadable, body: take(item.unreadable.body) }] : [],
    );
    const cursor = items.findLast((item) => item.kind === "cursor")?.cursor ?? null;
    const { id, post } = this.#options;
    post({ op: "batch", id, batch, events, unreadable, cursor, lengths, bodies }, bodies.buffer);
  }
}

const NO_BYTES = new Uint8Array(0);
const CLOSED = Object.assign(new Error("The broker closed the connection."), { code: "ECONNRESET" });

function endOf(error: unknown, listener: Listener | null): ListenEnd {
  const chain = causesOf(error);
  const known = chain.find((one) => one instanceof ListenError);
  if (known !== undefined) return { kind: "failed", failure: known.failure, isFlood: false };
  const code = (error as NodeJS.ErrnoException | null)?.code ?? "";
  if (listener === null && (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND")) {
    return { kind: "own_fault", code: "connector_missing", detail: (error as Error).message };
  }
  const guarded = chain.find((one) => one instanceof GuardError);
  if (guarded?.refusal?.isOurs === true) {
    return { kind: "own_fault", code: guarded.refusal.code, detail: guarded.refusal.detail };
  }
  const isFlood = guarded?.isFlood === true;
  if (isFlood) {
    const message = "The broker sent more unacknowledged data than a connection may hold.";
    const hint =
      "Posthorn reads with a smaller window. Check that the port belongs to the service, and publish smaller messages.";
    return { kind: "failed", failure: { code: "protocol_error", message, hint, retryAfterMs: null }, isFlood };
  }
  if (guarded === undefined) {
    const explained = listener?.failure(error) ?? null;
    if (explained !== null) return { kind: "failed", failure: explained, isFlood };
  }
  const failure = listenFailure(connectionFailure(error) ?? unknownFailure(error));
  return {
    kind: "failed",
    failure: guarded === undefined ? failure : { ...failure, code: "address_refused" },
    isFlood,
  };
}
