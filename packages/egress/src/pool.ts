import type { Opened } from "./connect/open.ts";
import type { EgressError } from "./errors.ts";
import { Wire, WriteQueue } from "./http1/wire.ts";
import { IdleTimer } from "./timeouts.ts";
import { LinkedList, type ListNode } from "./collections.ts";
import type { Transport } from "./transport.ts";
import type { UndiciTransport } from "./undici-transport.ts";

/** Loaded when it is first needed, because most clients have no proxy. */
let undici: { readonly UndiciTransport: typeof UndiciTransport } | null = null;

/** An open connection: a socket with its own HTTP client, which serves one request at a time. */
export interface Connection {
  readonly transport: Transport;
  readonly opened: Opened;
  readonly pool: Pool;
  /** Time of opening, on the monotonic clock. */
  readonly openedAt: number;
  /** The {@link Sockets.generation} under which it was checked. */
  generation: number;
  requests: number;
  closed: boolean;
  /** Time at which it is closed if it is still idle. */
  idleUntil: number;
  /** Node in the list of idle connections of all pools. */
  idle: ListNode<Connection> | null;
}

/** A request waiting for a connection. */
export interface Waiter {
  /** Node in the queue of its pool. */
  place: ListNode<Waiter> | null;
  onConnection(connection: Connection): void;
  onNoConnection(error: EgressError): void;
  /** Opens a connection for this waiter. */
  open(): Promise<Opened>;
}

/** Limits on sockets. */
export interface SocketLimits {
  /** Sockets of the whole client, including idle and opening ones. */
  readonly maxSockets: number;
  /** Sockets of one origin. */
  readonly maxSocketsPerOrigin: number;
  /** Idle time in milliseconds after which a socket is closed, unless the peer asks for a shorter one. */
  readonly keepAliveMs: number;
  /** Age in milliseconds after which a socket is not reused, so that DNS changes take effect. */
  readonly maxAgeMs: number;
  /** Maximum size of a response head in bytes. */
  readonly maxHeaderBytes: number;
}

/**
 * All sockets of one client, with one limit for the client and one per origin. When the client's limit is reached, the socket that has been
 * idle longest is closed to make room, regardless of its origin; when none is idle, requests queue.
 *
 * A pool exists only while it has sockets or waiters, so the number of pools is bounded by the same limit.
 */
export class Sockets {
  limits: SocketLimits;
  readonly pools = new Map<string, Pool>();
  /** Idle connections of all pools, longest idle first. */
  readonly idle = new LinkedList<Connection>();
  readonly idleTimer: IdleTimer<Connection>;
  readonly writes = new WriteQueue();
  /** Pools that could not open a socket because the client's limit was reached. */
  readonly #starved = new Set<Pool>();
  readonly now: () => number;
  /** Incremented when the rules change: a connection checked under earlier rules is checked again before its next request. */
  generation = 0;
  #open = 0;
  #drained: PromiseWithResolvers<undefined> | null = null;

  constructor(limits: SocketLimits, now: () => number) {
    this.limits = limits;
    this.now = now;
    this.idleTimer = new IdleTimer(this.idle, now, (connection) => connection.pool.discard(connection));
  }

  /** Sockets that are open or opening. */
  get open(): number {
    return this.#open;
  }

  pool(key: string, origin: string, isBuiltin: boolean): Pool {
    let pool = this.pools.get(key);
    if (pool === undefined) {
      pool = new Pool(this, key, origin, isBuiltin);
      this.pools.set(key, pool);
    }
    return pool;
  }

  /** Reserves capacity for a new socket, closing the longest idle one if necessary. */
  reserve(pool: Pool): boolean {
    // A loop, because capacity freed here may go to a pool that has waited longer.
    while (this.#open >= this.limits.maxSockets) {
      const oldest = this.idle.first;
      if (oldest === undefined) {
        this.#starved.add(pool);
        return false;
      }
      oldest.pool.discard(oldest);
    }
    this.#open++;
    return true;
  }

  /** Changes limits. Above a lower one, sockets close when they are idle and another is needed; a higher one serves waiting requests. */
  limit(limits: Partial<SocketLimits>): void {
    this.limits = { ...this.limits, ...limits };
    for (const pool of this.pools.values()) pool.pump();
  }

  /** Releases capacity and gives it to the next origin that waits for it. */
  release(): void {
    this.#open--;
    if (this.#open === 0) this.#drained?.resolve(undefined);
    for (const pool of this.#starved) {
      this.#starved.delete(pool);
      pool.pump();
      if (this.#open >= this.limits.maxSockets) return;
    }
  }

  /** Whether another origin waits for the capacity of an idle socket. */
  get wanted(): boolean {
    return this.#starved.size > 0;
  }

  /** Called when no request waits in this pool. */
  forget(pool: Pool): void {
    this.#starved.delete(pool);
  }

  /** Closes every socket. Resolves when the last one is closed. */
  async close(): Promise<void> {
    for (const pool of this.pools.values()) pool.destroy();
    this.idleTimer.close();
    if (this.#open > 0) this.#drained ??= Promise.withResolvers<undefined>();
    await this.#drained?.promise;
  }
}

/** Connections of one origin under one set of rules, TLS settings and proxy. */
export class Pool {
  readonly origin: string;
  readonly #sockets: Sockets;
  readonly #key: string;
  readonly #isBuiltin: boolean;
  readonly #connections = new Set<Connection>();
  /** Idle connections, most recently used last. Reusing that one first lets the others time out. */
  readonly #idle: Connection[] = [];
  readonly #waiters = new LinkedList<Waiter>();
  #opening = 0;
  /** True once the pool has been removed from the map. Its holder must then look up the pool of the origin again. */
  dead = false;

  /** @param isBuiltin Whether its connections use the built-in client, otherwise undici. */
  constructor(sockets: Sockets, key: string, origin: string, isBuiltin: boolean) {
    this.#sockets = sockets;
    this.#key = key;
    this.#isBuiltin = isBuiltin;
    this.origin = origin;
  }

  /** Gives the waiter a connection: immediately when one is idle, otherwise when one was opened or released. */
  acquire(waiter: Waiter): void {
    const old: Connection[] = [];
    const connection = this.#takeIdle(old);
    // Add the waiter before discarding old sockets, because a pool without either is removed from the map.
    if (connection === undefined) waiter.place = this.#waiters.push(waiter);
    for (const one of old) this.discard(one);
    if (connection === undefined) return this.pump();
    connection.requests++;
    waiter.onConnection(connection);
  }

  /** The most recently used idle connection. Connections that are too old are collected in `old`. */
  #takeIdle(old: Connection[]): Connection | undefined {
    if (this.#idle.length === 0) return undefined;
    const now = this.#sockets.now();
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined) return undefined;
      this.#leaveIdle(connection);
      if (connection.idleUntil > now && this.#isUsable(connection, now)) return connection;
      old.push(connection);
    }
  }

  #leaveIdle(connection: Connection): boolean {
    const link = connection.idle;
    connection.idle = null;
    return link !== null && this.#sockets.idle.remove(link);
  }

  #isUsable({ opened, openedAt }: Connection, now: number): boolean {
    return !opened.socket.destroyed && now - openedAt <= this.#sockets.limits.maxAgeMs;
  }

  /** Removes a waiter that ended early. It aborts the opening of its connection itself. */
  leave(waiter: Waiter): void {
    if (waiter.place !== null) this.#waiters.remove(waiter.place);
    if (this.#waiters.size === 0) this.#sockets.forget(this);
    this.#retireIfEmpty();
  }

  /** Opens connections for waiters as far as the limits allow. */
  pump(): void {
    while (this.#waiters.size > 0) {
      const count = this.#connections.size + this.#opening;
      if (count >= this.#sockets.limits.maxSocketsPerOrigin || !this.#sockets.reserve(this)) return;
      void this.#open(this.#waiters.shift()!);
    }
  }

  /** Takes back a connection whose request succeeded and which can serve another. */
  release(connection: Connection): void {
    if (connection.closed) return;
    const now = this.#sockets.now();
    if (!this.#isUsable(connection, now)) return this.discard(connection);
    const next = this.#waiters.shift();
    if (next !== undefined) {
      connection.requests++;
      next.onConnection(connection);
    } else if (this.#sockets.wanted) {
      this.discard(connection);
    } else {
      this.#park(connection, now);
    }
  }

  #park(connection: Connection, now: number): void {
    const { idle, idleTimer } = this.#sockets;
    connection.idleUntil = now + connection.transport.idleMs;
    connection.idle = idle.push(connection);
    this.#idle.push(connection);
    idleTimer.expect(connection.idleUntil);
  }

  /** Closes a connection. Safe to call twice. */
  discard(connection: Connection): void {
    if (connection.closed) return;
    connection.closed = true;
    this.#connections.delete(connection);
    if (this.#leaveIdle(connection)) {
      const index = this.#idle.indexOf(connection);
      if (index >= 0) this.#idle.splice(index, 1);
    }
    connection.transport.destroy();
    this.#sockets.release();
    this.pump();
    this.#retireIfEmpty();
  }

  destroy(): void {
    for (const connection of this.#connections) this.discard(connection);
  }

  async #open(waiter: Waiter): Promise<void> {
    this.#opening++;
    const { generation } = this.#sockets;
    let opened: Opened;
    try {
      if (!this.#isBuiltin) undici ??= await import("./undici-transport.ts");
      opened = await waiter.open();
    } catch (error) {
      this.#opening--;
      this.#sockets.release();
      waiter.onNoConnection(error as EgressError);
      this.pump();
      this.#retireIfEmpty();
      return;
    }
    this.#opening--;
    const connection = this.#adopt(opened, generation);
    waiter.onConnection(connection);
  }

  #adopt(opened: Opened, generation: number): Connection {
    const { limits, now, writes } = this.#sockets;
    const transport = this.#isBuiltin
      ? new Wire(opened, writes, limits)
      : new undici!.UndiciTransport(this.origin, opened, limits);
    const connection: Connection = {
      transport,
      opened,
      pool: this,
      openedAt: now(),
      generation,
      requests: 1,
      closed: false,
      idleUntil: Number.POSITIVE_INFINITY,
      idle: null,
    };
    this.#connections.add(connection);
    opened.socket.once("close", () => this.discard(connection));
    return connection;
  }

  #retireIfEmpty(): void {
    if (this.dead || this.#connections.size + this.#opening + this.#waiters.size > 0) return;
    this.dead = true;
    this.#sockets.pools.delete(this.#key);
    this.#sockets.forget(this);
  }
}
