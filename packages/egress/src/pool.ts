import { Client } from "undici";
import { Chain } from "./chain.ts";
import type { Link } from "./chain.ts";
import type { Opened } from "./connect/open.ts";
import type { EgressError } from "./errors.ts";

/** Marks the one error that says "nothing was written, take another connection". */
export const STALE = Symbol("posthorn.egress.stale");

/** One open connection: a socket with an undici client of its own, which serves one request at a time. */
export interface Connection {
  readonly client: Client;
  readonly opened: Opened;
  readonly pool: Pool;
  /** When it was opened, on the monotonic clock. */
  readonly openedAt: number;
  /** The {@link Sockets.generation} it was vetted under. */
  generation: number;
  requests: number;
  closed: boolean;
  /** Its place among the idle ones of all pools. */
  idle: Link<Connection> | null;
}

/** A request that waits for a connection. */
export interface Waiter {
  /** Its place in the queue of a pool, kept here for the pool. */
  place: Link<Waiter> | null;
  onConnection(connection: Connection): void;
  onNoConnection(error: EgressError): void;
  /** Opens a connection for this waiter. */
  open(): Promise<Opened>;
}

/** Limits of sockets. */
export interface SocketLimits {
  /** Sockets of the whole client, idle and opening ones included. */
  readonly maxSockets: number;
  /** Sockets of one origin. */
  readonly maxSocketsPerOrigin: number;
  /** Idle time in milliseconds after which a socket is closed, when the peer names no shorter one. */
  readonly keepAliveMs: number;
  /** Age in milliseconds after which a socket is not used again, so that a change of DNS is seen. */
  readonly maxAgeMs: number;
  /** Bytes of a response head. */
  readonly maxHeaderBytes: number;
}

/**
 * All sockets of one client, with one bound for the whole and one for each origin. When the whole is full the socket
 * that has been idle longest is closed to make room, of whichever origin it is; when none is idle, requests queue.
 *
 * A pool exists only while it has sockets or waiters, so the number of pools is bounded by the same limit.
 */
export class Sockets {
  readonly limits: SocketLimits;
  readonly pools = new Map<string, Pool>();
  /** Idle connections of all pools, the longest idle first. */
  readonly idle = new Chain<Connection>();
  /** Pools that could not open a socket as the whole was full. */
  readonly #starved = new Set<Pool>();
  readonly now: () => number;
  /** Counts changes of the rules: a connection vetted under an older one is vetted again before its next request. */
  generation = 0;
  #open = 0;
  #drained: PromiseWithResolvers<undefined> | null = null;

  constructor(limits: SocketLimits, now: () => number) {
    this.limits = limits;
    this.now = now;
  }

  /** Sockets that are open or opening. */
  get open(): number {
    return this.#open;
  }

  pool(key: string, origin: string): Pool {
    let pool = this.pools.get(key);
    if (pool === undefined) {
      pool = new Pool(this, key, origin);
      this.pools.set(key, pool);
    }
    return pool;
  }

  /** Takes a place for a new socket, at the cost of the longest idle one when there is none. */
  reserve(pool: Pool): boolean {
    // A loop, as a place that comes free here may go to a pool that has waited longer.
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

  /** Gives a place back, and to the next origin that waits for one. */
  release(): void {
    this.#open--;
    if (this.#open === 0) this.#drained?.resolve(undefined);
    for (const pool of this.#starved) {
      this.#starved.delete(pool);
      pool.pump();
      if (this.#open >= this.limits.maxSockets) return;
    }
  }

  /** True when another origin waits for the place of a socket that has nothing to do. */
  get wanted(): boolean {
    return this.#starved.size > 0;
  }

  /** Nobody waits in this pool any more. */
  forget(pool: Pool): void {
    this.#starved.delete(pool);
  }

  /** Closes every socket; resolves when the last is closed. */
  async close(): Promise<void> {
    for (const pool of this.pools.values()) pool.destroy();
    if (this.#open > 0) this.#drained ??= Promise.withResolvers<undefined>();
    await this.#drained?.promise;
  }
}

/** The connections of one origin under one set of rules, TLS settings and proxy. */
export class Pool {
  readonly origin: string;
  readonly #sockets: Sockets;
  readonly #key: string;
  readonly #connections = new Set<Connection>();
  /** Idle connections, the one used last at the end: hot sockets stay hot, cold ones time out. */
  readonly #idle: Connection[] = [];
  readonly #waiters = new Chain<Waiter>();
  #opening = 0;
  /** True once the pool left the map: its holder must ask for the origin's pool again. */
  dead = false;

  constructor(sockets: Sockets, key: string, origin: string) {
    this.#sockets = sockets;
    this.#key = key;
    this.origin = origin;
  }

  /** Gives the waiter a connection: at once when one is idle, else when one was opened or came free. */
  acquire(waiter: Waiter): void {
    const old: Connection[] = [];
    const connection = this.#takeIdle(old);
    // First the waiter, then the old sockets: a pool that has neither leaves the map.
    if (connection === undefined) waiter.place = this.#waiters.push(waiter);
    for (const one of old) this.discard(one);
    if (connection === undefined) return this.pump();
    connection.requests++;
    waiter.onConnection(connection);
  }

  /** The idle connection used last. Those found too old on the way are handed out in `old`. */
  #takeIdle(old: Connection[]): Connection | undefined {
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined) return undefined;
      this.#leaveIdle(connection);
      if (!this.#isOld(connection)) return connection;
      old.push(connection);
    }
  }

  #leaveIdle(connection: Connection): boolean {
    const link = connection.idle;
    connection.idle = null;
    return link !== null && this.#sockets.idle.remove(link);
  }

  #isOld(connection: Connection): boolean {
    return this.#sockets.now() - connection.openedAt > this.#sockets.limits.maxAgeMs;
  }

  /** The waiter gave up. What is being opened for it is its own to abort. */
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

  /** A request ended well and its connection can serve another. */
  release(connection: Connection): void {
    if (connection.closed) return;
    if (connection.opened.socket.destroyed || this.#isOld(connection)) return this.discard(connection);
    const next = this.#waiters.shift();
    if (next !== undefined) {
      connection.requests++;
      next.onConnection(connection);
    } else if (this.#sockets.wanted) {
      this.discard(connection);
    } else {
      this.#idle.push(connection);
      connection.idle = this.#sockets.idle.push(connection);
    }
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
    connection.opened.socket.destroy();
    void connection.client.destroy().catch(() => {});
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
    const { limits, now } = this.#sockets;
    let handed = false;
    const client = new Client(this.origin, {
      // The socket is made before, vetted, by us. A second call means that it closed before the request was written.
      // The answer comes later in any case, as undici is not ready to go on while it still asks.
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
      // The one deadline of the request is ours.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: limits.keepAliveMs,
      keepAliveMaxTimeout: Math.max(limits.keepAliveMs, 60_000),
      maxHeaderSize: limits.maxHeaderBytes,
    });
    const connection: Connection = {
      client,
      opened,
      pool: this,
      openedAt: now(),
      generation,
      requests: 1,
      closed: false,
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
