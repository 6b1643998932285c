/**
 * Guards every TCP connection of the connector thread. Drivers dial the addresses of their configuration and those that brokers advertise;
 * both are resolved and checked in the main thread, under the rules of the application whose message is being sent. Drivers cannot look up
 * names themselves.
 *
 * The guard replaces methods of `net.Socket`, which `net.connect`, `tls.connect`, HTTP and WebSockets all use. It must be installed before
 * a driver is loaded. The context of a link follows its promises, timers and sockets; a connection without a context is refused.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import dns from "node:dns";
import { syncBuiltinESMExports } from "node:module";
import { isIPv6, type LookupFunction, Socket, type TcpNetConnectOpts } from "node:net";
import { Readable } from "node:stream";
import type { StreamFilter } from "../../sources/listeners/large-messages.ts";
import type { ThreadOptions, VettedAddress, VetResult } from "./protocol.ts";

/** Delay before the next address is tried in parallel (RFC 8305 section 5). */
const ATTEMPT_DELAY_MS = 250;
/** Bytes that a target may send before the first message: handshakes, certificates and metadata. */
const FIRST_ALLOWANCE = 1024 * 1024;
/** Bytes that it may send for each message in addition to the size of the message, which RabbitMQ returns if it cannot route it. */
const BYTES_PER_MESSAGE = 16_384;
/** Some clients take quadratic time to read a response that has no end, so that more would keep the thread busy for seconds. */
const MAX_ALLOWANCE = 32 * 1024 * 1024;

/** A connection that the guard refused or ended. `result` says why, unless it is a flood. */
export class GuardError extends Error {
  readonly code: "EGUARD" | "EFLOOD";
  /** The same as `code`, which clients overwrite: nodemailer with the phase of its connection. */
  readonly #reason: "EGUARD" | "EFLOOD";
  readonly refusal: Extract<VetResult, { allowed: false }> | null;

  constructor(code: "EGUARD" | "EFLOOD", message: string, refusal: GuardError["refusal"] = null) {
    super(message);
    this.code = code;
    this.#reason = code;
    this.refusal = refusal;
  }

  /** The target sent too much. */
  get isFlood(): boolean {
    return this.#reason === "EFLOOD";
  }
}

/** Waits for work of a driver on a link. */
export interface RefusalListener {
  /** Called once, when the guard refused or ended a connection of the link, or the link was closed. */
  refused(error: Error): void;
}

/** What the sockets of one link may do. */
export class DialContext {
  readonly #vet: (host: string, port: number) => Promise<VetResult>;
  #allowance = FIRST_ALLOWANCE;
  /** `address:port` of the last connection. */
  peer: string | null = null;
  #refusal: Error | null = null;
  readonly #listeners = new Set<RefusalListener>();
  readonly #sockets = new Set<Socket>();
  readonly #filters = new WeakMap<Socket, Filtered>();
  #makeFilter: MakeFilter | null = null;
  #isEnded = false;

  constructor(vet: (host: string, port: number) => Promise<VetResult>) {
    this.#vet = vet;
  }

  /** The first error for which `refused` was called; `null`: none. */
  get refusal(): Error | null {
    return this.#refusal;
  }

  /**
   * Some drivers hide such errors or wait forever. Not a promise: a race against a promise that stays pending as long as the link exists would
   * be kept in memory for just as long.
   */
  listen(listener: RefusalListener): void {
    this.#listeners.add(listener);
  }

  unlisten(listener: RefusalListener): void {
    this.#listeners.delete(listener);
  }

  /** Waits for work of a driver, but not after `refused`. For work that is rare, such as opening the link. */
  unlessRefused<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const listener = { refused: reject };
      if (this.#refusal === null) this.listen(listener);
      else reject(this.#refusal);
      work.then(resolve, reject).finally(() => this.unlisten(listener));
    });
  }

  run<T>(work: () => T): T {
    return contexts.run(this, work);
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  add(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
  }

  /** Destroys all sockets and refuses others, for drivers that cannot give up a connection while they open it, or that reconnect. */
  end(): void {
    this.#isEnded = true;
    this.#refuse(new Error("The connection was closed."));
    for (const socket of this.#sockets) socket.destroy();
  }

  async vet(host: string, port: number): Promise<Extract<VetResult, { allowed: true }>> {
    const result = await this.#vet(host, port);
    if (result.allowed) return result;
    throw this.#refuse(new GuardError("EGUARD", result.sentence, result));
  }

  /** Allows the responses to one more message of this size. */
  extend(bodyBytes: number): void {
    this.#allowance = Math.min(MAX_ALLOWANCE, this.#allowance + BYTES_PER_MESSAGE + bodyBytes);
  }

  /** Allows this many bytes in addition, at most `most` in all: for connections over which messages arrive. */
  allow(bytes: number, most: number): void {
    this.#allowance = Math.max(this.#allowance, Math.min(most, this.#allowance + bytes));
  }

  /** From now on, passes the decrypted data of each socket through a filter before its client reads it. */
  filter(make: MakeFilter): void {
    this.#makeFilter = make;
  }

  /** The filter of a socket; `null`: it has none. */
  filterOf(socket: Socket): Filtered | null {
    if (this.#makeFilter === null) return null;
    let filtered = this.#filters.get(socket);
    if (filtered === undefined) {
      filtered = new Filtered(socket, this.#makeFilter);
      this.#filters.set(socket, filtered);
    }
    return filtered;
  }

  /** Counts received bytes. Returns an error when the target sent too many. */
  receive(bytes: number): GuardError | null {
    this.#allowance -= bytes;
    if (this.#allowance >= 0) return null;
    return this.#refuse(new GuardError("EFLOOD", "The target sent more data than its protocol requires."));
  }

  #refuse<E extends Error>(error: E): E {
    if (this.#refusal !== null) return error;
    this.#refusal = error;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    // Deferred, because the caller may be a socket that is reading.
    if (listeners.length > 0) queueMicrotask(() => listeners.forEach((listener) => listener.refused(error)));
    return error;
  }
}

type MakeFilter = (socket: Socket, pass: (bytes: Buffer) => void) => StreamFilter;

/** A socket whose bytes pass through a filter. */
class Filtered {
  readonly #filter: StreamFilter;
  #wantsMore = true;

  constructor(socket: Socket, make: MakeFilter) {
    this.#filter = make(socket, (bytes) => {
      this.#wantsMore = Readable.prototype.push.call(socket, bytes);
    });
  }

  /** @returns Whether the client wants more, as `Readable.push`. */
  push(chunk: Uint8Array): boolean {
    this.#wantsMore = true;
    this.#filter.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    return this.#wantsMore;
  }
}

const contexts = new AsyncLocalStorage<DialContext>();

type ConnectOptions = Partial<TcpNetConnectOpts> & { readonly path?: string; readonly fd?: number };
type Listener = (() => void) | undefined;

/** Guards all sockets and name look-ups of this thread from now on. */
export function installGuard({ isProxied }: Pick<ThreadOptions, "isProxied">): void {
  refuseLookUps();
  const { connect } = Socket.prototype;
  function guardedConnect(this: Socket, ...args: unknown[]): Socket {
    const [options, listener] = connectArguments(args);
    const context = contexts.getStore();
    const { host = "localhost" } = options;
    const port = Number(options.port);
    let lookup: LookupFunction;
    if (context === undefined || context.isEnded || options.path !== undefined || !Number.isInteger(port)) {
      const refusal = new GuardError("EGUARD", "Only TCP connections of a destination are allowed in this thread.");
      lookup = (_host, _options, done) => process.nextTick(done, refusal, "");
    } else {
      context.add(this);
      if (isProxied) {
        const dial = (...dialArgs: readonly unknown[]) => Reflect.apply(connect, this, dialArgs);
        if (listener !== undefined) this.once("connect", listener);
        Reflect.set(this, "_host", host);
        void connectLater(this, { context, host, port, dial, options });
        return this;
      }
      this.once("connect", () => {
        context.peer = peerOf(String(this.remoteAddress), Number(this.remotePort));
      });
      lookup = (_host, { all }, done) => void lookUp(context, { host, port, isAll: all === true }, done);
    }
    const guarded = {
      ...options,
      path: undefined,
      port: Number.isInteger(port) ? port : 1,
      // A name, so that literal addresses are looked up as well.
      host: "guarded.invalid",
      lookup,
      family: 0,
      hints: 0,
      localAddress: undefined,
      localPort: undefined,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: ATTEMPT_DELAY_MS,
    };
    Reflect.apply(connect, this, [guarded, listener]);
    // TLS that begins later on this socket checks the certificate for this host if the driver names none, as for addresses.
    Reflect.set(this, "_host", host);
    return this;
  }
  Socket.prototype.connect = guardedConnect;
  Socket.prototype.push = function guardedPush(this: Socket, chunk: unknown, encoding?: BufferEncoding): boolean {
    const context = contexts.getStore();
    if (!(chunk instanceof Uint8Array) || context === undefined) {
      return Readable.prototype.push.call(this, chunk, encoding);
    }
    const flood = context.receive(chunk.byteLength);
    if (flood === null) {
      return context.filterOf(this)?.push(chunk) ?? Readable.prototype.push.call(this, chunk, encoding);
    }
    this.destroy(flood);
    return false;
  };
}

/** A client that resolves names itself would pass the rules for host names, and use another resolver. */
function refuseLookUps(): void {
  const refusal = (): GuardError => new GuardError("EGUARD", "Names are looked up by the main thread.");
  const replace = (module: object, refuse: (...args: readonly unknown[]) => unknown): void => {
    for (const name of Object.keys(module)) {
      if (/^(?:lookup|resolve|reverse)/.test(name)) Reflect.set(module, name, refuse);
    }
  };
  replace(dns, (...args) => {
    const done = args.at(-1);
    if (typeof done !== "function") throw refusal();
    process.nextTick(done, refusal());
  });
  replace(dns.promises, () => Promise.reject(refusal()));
  syncBuiltinESMExports();
}

interface Dialling {
  readonly context: DialContext;
  readonly host: string;
  readonly port: number;
  readonly dial: (options: object) => unknown;
  readonly options: ConnectOptions;
}

/**
 * Connects when the main thread has allowed it and, if the proxy of the operator is for this target, has opened the tunnel: only then the
 * port is known. What drivers write until then waits, as for any socket that is connecting.
 */
async function connectLater(socket: Socket, { context, host, port, dial, options }: Dialling): Promise<void> {
  Reflect.set(socket, "connecting", true);
  try {
    const { addresses, relay } = await context.vet(host, port);
    if (socket.destroyed) return;
    socket.once("connect", () => {
      const { remoteAddress, remotePort } = socket;
      context.peer = relay === null ? peerOf(String(remoteAddress), Number(remotePort)) : peerOf(relay.address, port);
    });
    const all = addresses.map(({ address, family }) => ({ address, family }));
    dial({
      ...options,
      path: undefined,
      host: "guarded.invalid",
      port: relay?.port ?? port,
      lookup: fixed(all),
      family: 0,
      hints: 0,
      localAddress: undefined,
      localPort: undefined,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: ATTEMPT_DELAY_MS,
    });
    Reflect.set(socket, "_host", host);
  } catch (error) {
    socket.destroy(error as Error);
  }
}

function fixed(addresses: readonly VettedAddress[]): LookupFunction {
  return (_host, { all }, done) => {
    const [{ address, family }] = addresses as [VettedAddress];
    if (all === true) process.nextTick(done, null, [...addresses]);
    else process.nextTick(done, null, address, family);
  };
}

function peerOf(address: string, port: number): string {
  return `${isIPv6(address) ? `[${address}]` : address}:${port}`;
}

type Lookup = Parameters<LookupFunction>[2];

async function lookUp(
  context: DialContext,
  { host, port, isAll }: { readonly host: string; readonly port: number; readonly isAll: boolean },
  done: Lookup,
): Promise<void> {
  try {
    const { addresses } = await context.vet(host, port);
    const [{ address, family }] = addresses as [VettedAddress];
    // In a separate turn of the event loop, so that an error of the caller is not taken for one of the look-up.
    if (isAll) process.nextTick(done, null, [...addresses]);
    else process.nextTick(done, null, address, family);
  } catch (error) {
    process.nextTick(done, error, "");
  }
}

/** The forms of `socket.connect`: a normalised list from `net.connect`, options, a path, or port and host. */
function connectArguments(args: readonly unknown[]): [options: ConnectOptions, listener: Listener] {
  const list = Array.isArray(args[0]) ? (args[0] as readonly unknown[]) : args;
  const [first, second] = list;
  const listener = list.findLast((arg) => typeof arg === "function") as Listener;
  if (typeof first === "object" && first !== null) return [first, listener];
  if (typeof first === "string" && !/^\d+$/.test(first)) return [{ path: first }, listener];
  return [{ port: Number(first), ...(typeof second === "string" ? { host: second } : {}) }, listener];
}
