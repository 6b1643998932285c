/** Health of PostgreSQL, checked with a query on one connection: every second while other connections are used. */
import { Socket } from "node:net";
import pg from "pg";
import { describeOutage, StoreError, type StoreOutage } from "../errors.ts";
import { setTimeout as delay } from "node:timers/promises";
import { CommitProbe } from "./commit-probe.ts";
import { isOutOfConnections, outageOf } from "./errors.ts";
import { opened, type Servers } from "./servers.ts";

export interface HealthProbeOptions {
  readonly servers: Servers;
  /** Settings of a connection. */
  readonly config: (url: string) => pg.ClientConfig;
  /** Timeout of a check. */
  readonly timeoutMs: number;
  /** Called with each change; `null`: the database is available again. */
  readonly onChange: (outage: StoreOutage | null) => void;
  /** A number from 0 to below 1, as `Math.random`. */
  readonly random: () => number;
  /** Whether every check is made, because the node renews its membership over other connections, and would not notice an outage of these. */
  readonly checksIdle?: boolean;
}

/** Time between two checks while the database is available and connections are used. */
const CHECK_EVERY_MS = 1000;
/** Checks that are skipped while no connection is used: no statement waits for their result then. */
const SKIPPED_CHECKS = 4;
/**
 * First and longest pause between checks while it is unavailable. Up to half is subtracted at random, so that nodes do
 * not check in step.
 */
const GAP_MS = 100;
const MAX_GAP_MS = 2000;

/**
 * Health probe of all connections to one address. A statement that is running does not notice that its server is silent or has become
 * a replica. So when a check fails, all connections are cut, which ends every statement that waits on them, and none is opened until a
 * check succeeds.
 */
export class HealthProbe implements AsyncDisposable {
  readonly #options: HealthProbeOptions;
  readonly #sockets = new Set<Socket>();
  #client: pg.Client | null = null;
  /** Pending test commit, made after a connection failed. */
  #probe: CommitProbe | null = null;
  #outage: StoreOutage | null = null;
  #checking: Promise<void> | null = null;
  /** A connection has failed since the last check; callers wait for the next check. */
  #suspect = false;
  #gapMs = 0;
  /** Lent connections. */
  #inUse = 0;
  /** Whether a connection was lent since the last check. */
  #wasUsed = false;
  #skipped = 0;
  #timer: NodeJS.Timeout | null = null;
  #back = Promise.withResolvers<void>();
  #closed = false;

  constructor(options: HealthProbeOptions) {
    this.#options = options;
    // There may be no caller that waits for it.
    this.#back.promise.catch(() => undefined);
  }

  /** `null`: available. */
  get outage(): StoreOutage | null {
    return this.#outage;
  }

  /** Servers of the address. Connections go to the one that accepts writes. */
  get servers(): Servers {
    return this.#options.servers;
  }

  /** Socket for a connection that this probe cuts. */
  socket(): Socket {
    const socket = new Socket();
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    return socket;
  }

  /** Opens a connection that the caller keeps. It is cut when a check fails. */
  async open(more: pg.ClientConfig = {}): Promise<pg.Client> {
    await this.servers.known((url) => this.#clientTo(url));
    return opened(this.#clientTo(this.servers.url, more));
  }

  /** Reports that a connection was lent to a caller. */
  lent(): void {
    this.#wasUsed = true;
    this.#inUse++;
  }

  /** Reports that a lent connection was returned. */
  returned(): void {
    this.#inUse--;
  }

  /** Resolves when connections may be used. Rejects at once while the database is unavailable; nothing was sent then. */
  async ready(): Promise<void> {
    if (!this.#isUnavailable && this.#suspect) await this.#checking;
    if (this.#isUnavailable) throw unavailableError(this.#outage);
  }

  /** Resolves when the database is available, however long that takes. Rejects when the store is closed first. */
  async whenAvailable(): Promise<void> {
    if (this.#suspect) await this.#checking;
    if (this.#isUnavailable) await this.#back.promise;
  }

  /** Reports that a connection could not be opened, or broke. */
  failed(error: unknown): void {
    if (this.#isUnavailable) return;
    if (isOutOfConnections(error)) return this.#become("no_connections");
    this.#suspect = true;
    void this.check();
  }

  /** Checks now, unless a check is running. */
  check(): Promise<void> {
    return (this.#checking ??= this.#check().finally(() => {
      this.#checking = null;
      this.#suspect = false;
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#cut();
    this.#dropProbe();
    this.#back.reject(unavailableError(this.#outage));
    await this.#checking;
  }

  get #isUnavailable(): boolean {
    return this.#closed || (this.#outage !== null && this.#outage !== "no_connections");
  }

  async #check(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#skipped = 0;
    this.#wasUsed = this.#inUse > 0;
    const outage = await this.#look();
    if (this.#closed) return;
    this.#become(outage);
    const { random } = this.#options;
    this.#gapMs = outage === null ? 0 : Math.min(MAX_GAP_MS, Math.max(GAP_MS, 2 * this.#gapMs));
    this.#checkIn(outage === null ? CHECK_EVERY_MS : this.#gapMs * (1 - random() / 2));
  }

  get #maySkip(): boolean {
    if (this.#options.checksIdle === true || this.#outage !== null) return false;
    return !this.#wasUsed && this.#skipped < SKIPPED_CHECKS;
  }

  #checkIn(ms: number): void {
    this.#timer = setTimeout(() => {
      if (!this.#maySkip) return void this.check();
      this.#skipped++;
      this.#checkIn(CHECK_EVERY_MS);
    }, ms);
    this.#timer.unref();
  }

  async #look(): Promise<StoreOutage | null> {
    // Only a new connection shows whether the server accepts one.
    if (this.#outage === "no_connections") this.#drop();
    const known = this.#client !== null;
    const from = performance.now();
    try {
      return await this.#ask();
    } catch (error) {
      this.#drop();
      this.#dropProbe();
      const silent = performance.now() - from >= this.#options.timeoutMs;
      // Only this connection may have broken.
      if (known && !silent && !this.#closed) return this.#look();
      return silent ? "silent" : outageOf(error);
    }
  }

  async #ask(): Promise<StoreOutage | null> {
    this.#client ??= await this.#openOwn();
    const { rows } = await this.#client.query<{ transaction_read_only: string }>("SHOW transaction_read_only");
    if (rows[0]!.transaction_read_only !== "off") {
      // Another server may accept writes now, so the servers are tried again.
      this.#drop();
      return "read_only";
    }
    const suspected = this.#suspect || this.#outage === "not_committing";
    return !suspected || (await this.#commits()) ? null : "not_committing";
  }

  /** Waits for one test commit, over several checks if needed: an abandoned one would keep occupying a session of the server. */
  async #commits(): Promise<boolean> {
    const { config, servers, timeoutMs } = this.#options;
    this.#probe ??= new CommitProbe(config(servers.url));
    const answered = await Promise.race([this.#probe.response, delay(timeoutMs, false, { ref: false })]);
    if (answered) this.#dropProbe();
    return answered;
  }

  #dropProbe(): void {
    this.#probe?.[Symbol.dispose]();
    this.#probe = null;
  }

  async #openOwn(): Promise<pg.Client> {
    const client = await this.servers.connect((url) => this.#clientTo(url));
    client.once("end", () => {
      if (this.#client === client) this.failed(new Error("the connection ended"));
    });
    return client;
  }

  #clientTo(url: string, more: pg.ClientConfig = {}): pg.Client {
    return new pg.Client({ ...this.#options.config(url), ...more, stream: () => this.socket() });
  }

  #drop(): void {
    const client = this.#client;
    this.#client = null;
    client?.end().catch(() => undefined);
  }

  #become(outage: StoreOutage | null): void {
    if (outage === this.#outage) return;
    const was = this.#isUnavailable;
    this.#outage = outage;
    if (this.#isUnavailable) this.#cut();
    if (outage !== "not_committing") this.#dropProbe();
    if (this.#isUnavailable && !was) {
      this.#back = Promise.withResolvers();
      this.#back.promise.catch(() => undefined);
    }
    if (was && !this.#isUnavailable) this.#back.resolve();
    this.#options.onChange(outage);
  }

  #cut(): void {
    this.#client = null;
    for (const socket of this.#sockets) socket.destroy();
  }
}

function unavailableError(outage: StoreOutage | null): StoreError {
  const what = outage === null ? "is closed" : describeOutage(outage);
  return new StoreError("storage_unavailable", `PostgreSQL ${what}; trying again.`, outage === null ? {} : { outage });
}
