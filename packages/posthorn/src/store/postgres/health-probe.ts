/** Whether PostgreSQL can be worked with, felt by one connection that asks it again and again. */
import { Socket } from "node:net";
import pg from "pg";
import { describeTrouble, StoreError, type StoreTrouble } from "../errors.ts";
import { setTimeout as delay } from "node:timers/promises";
import { CommitProbe } from "./commit-probe.ts";
import { isOutOfConnections, troubleOf } from "./errors.ts";
import { opened, type Servers } from "./servers.ts";

export interface PulseOptions {
  readonly servers: Servers;
  /** What a connection is opened with. */
  readonly config: (url: string) => pg.ClientConfig;
  /** How long an answer may take. */
  readonly timeoutMs: number;
  /** Told of each change; `null`: it can be worked with again. */
  readonly onChange: (trouble: StoreTrouble | null) => void;
  /** A number from 0 to below 1, as `Math.random`. */
  readonly random: () => number;
}

/** From one beat to the next while all is well. */
const BEAT_MS = 1000;
/** And while it is not, at first and at most; chance takes up to half of it, so that nodes do not come in step. */
const GAP_MS = 100;
const MAX_GAP_MS = 2000;

/**
 * One way to PostgreSQL, and all connections that use it. Of a server that says nothing, or has become a replica, a statement under way
 * learns nothing either: so when the pulse is gone all connections are cut, which ends whatever waits on them, and nothing is sent until
 * it is back.
 */
export class Pulse implements AsyncDisposable {
  readonly #options: PulseOptions;
  readonly #sockets = new Set<Socket>();
  #client: pg.Client | null = null;
  /** A commit that was asked for since another one had failed, and is not answered yet. */
  #probe: CommitProbe | null = null;
  #trouble: StoreTrouble | null = null;
  #beating: Promise<void> | null = null;
  /** A connection has failed since the last beat: who wants one waits for the next. */
  #doubted = false;
  #gapMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #back = Promise.withResolvers<void>();
  #closed = false;

  constructor(options: PulseOptions) {
    this.#options = options;
    // Nobody may be waiting for it.
    this.#back.promise.catch(() => undefined);
  }

  /** `null`: it can be worked with. */
  get trouble(): StoreTrouble | null {
    return this.#trouble;
  }

  /** Its servers: a connection goes to the one that took writes when the pulse was opened. */
  get servers(): Servers {
    return this.#options.servers;
  }

  /** A socket for a connection of this way. */
  socket(): Socket {
    const socket = new Socket();
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    return socket;
  }

  /** Opens a connection for somebody who keeps it. It ends when the pulse is gone. */
  async open(more: pg.ClientConfig = {}): Promise<pg.Client> {
    await this.servers.known((url) => this.#clientTo(url));
    return opened(this.#clientTo(this.servers.url, more));
  }

  /** Resolves when a connection may be used. Rejects at once while there is none to be had: what is asked of it was never sent. */
  async ready(): Promise<void> {
    if (!this.#isAway && this.#doubted) await this.#beating;
    if (this.#isAway) throw awayError(this.#trouble);
  }

  /** Resolves when PostgreSQL can be worked with, however long that takes; rejects when the store is closed before. */
  async whenHere(): Promise<void> {
    if (this.#doubted) await this.#beating;
    if (this.#isAway) await this.#back.promise;
  }

  /** A connection could not be had, or broke. */
  failed(error: unknown): void {
    if (this.#isAway) return;
    if (isOutOfConnections(error)) return this.#become("no_connections");
    this.#doubted = true;
    void this.beat();
  }

  /** Asks now, unless it is being asked. */
  beat(): Promise<void> {
    return (this.#beating ??= this.#beat().finally(() => {
      this.#beating = null;
      this.#doubted = false;
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#cut();
    this.#dropProbe();
    this.#back.reject(awayError(this.#trouble));
    await this.#beating;
  }

  get #isAway(): boolean {
    return this.#closed || (this.#trouble !== null && this.#trouble !== "no_connections");
  }

  async #beat(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    const trouble = await this.#look();
    if (this.#closed) return;
    this.#become(trouble);
    const { random } = this.#options;
    this.#gapMs = trouble === null ? 0 : Math.min(MAX_GAP_MS, Math.max(GAP_MS, 2 * this.#gapMs));
    const gapMs = trouble === null ? BEAT_MS : this.#gapMs * (1 - random() / 2);
    this.#timer = setTimeout(() => void this.beat(), gapMs);
    this.#timer.unref();
  }

  async #look(): Promise<StoreTrouble | null> {
    // Whether there is a connection to spare only a new one shows.
    if (this.#trouble === "no_connections") this.#drop();
    const known = this.#client !== null;
    const from = performance.now();
    try {
      return await this.#ask();
    } catch (error) {
      this.#drop();
      this.#dropProbe();
      const silent = performance.now() - from >= this.#options.timeoutMs;
      // A connection may have broken alone.
      if (known && !silent && !this.#closed) return this.#look();
      return silent ? "silent" : troubleOf(error);
    }
  }

  async #ask(): Promise<StoreTrouble | null> {
    this.#client ??= await this.#openOwn();
    const { rows } = await this.#client.query<{ transaction_read_only: string }>("SHOW transaction_read_only");
    if (rows[0]!.transaction_read_only !== "off") {
      // Another server may be the one to write to by now: its name is looked up again.
      this.#drop();
      return "read_only";
    }
    const suspected = this.#doubted || this.#trouble === "not_committing";
    return !suspected || (await this.#commits()) ? null : "not_committing";
  }

  /** One commit is asked for, and waited for however many beats that takes: each that is given up stays behind in the server. */
  async #commits(): Promise<boolean> {
    const { config, servers, timeoutMs } = this.#options;
    this.#probe ??= new CommitProbe(config(servers.url));
    const answered = await Promise.race([this.#probe.answer, delay(timeoutMs, false, { ref: false })]);
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

  #become(trouble: StoreTrouble | null): void {
    if (trouble === this.#trouble) return;
    const was = this.#isAway;
    this.#trouble = trouble;
    if (this.#isAway) this.#cut();
    if (trouble !== "not_committing") this.#dropProbe();
    if (this.#isAway && !was) {
      this.#back = Promise.withResolvers();
      this.#back.promise.catch(() => undefined);
    }
    if (was && !this.#isAway) this.#back.resolve();
    this.#options.onChange(trouble);
  }

  #cut(): void {
    this.#client = null;
    for (const socket of this.#sockets) socket.destroy();
  }
}

function awayError(trouble: StoreTrouble | null): StoreError {
  const what = trouble === null ? "is not used any more" : describeTrouble(trouble);
  return new StoreError(
    "storage_unavailable",
    `PostgreSQL ${what}; trying again.`,
    trouble === null ? {} : { trouble },
  );
}
