/** The server as its own process, started as a user starts it, on data of its own. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { organisationId } from "./factories.ts";
import { createDatabase, type TestDatabase } from "./postgres.ts";
import { sharedPostgres } from "./postgres-on-demand.ts";
import { type RunningProcess, spawnServer, type Exit } from "./server-process.ts";
import { makeToken } from "./token.ts";

export interface ServerOptions {
  /** Settings, by their full names such as `POSTHORN_RETRY_SCHEDULE`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Literally `npm start` in the repository, in place of the process that it starts. */
  readonly npm?: boolean;
  /** `false` for `posthorn start` without `--dev`. */
  readonly dev?: boolean;
  /** An existing database of PostgreSQL, by its URL; it is left alone at the end. Defaults to a new one where the run is on PostgreSQL. */
  readonly databaseUrl?: string;
  /** An existing data folder; it is left alone at the end. Defaults to a new one, which is deleted. */
  readonly dataDir?: string;
  /** Errors in the log are what the test is about, so they do not fail it. */
  readonly allowErrors?: boolean;
}

/** Whether this run of the tests is on PostgreSQL: one of the projects of Vitest. */
export const onPostgres: boolean = process.env["POSTHORN_TEST_STORE"] === "postgres";

/** Long enough for a suite, short enough to be noticed when it is reused by mistake. */
const TOKEN_SECONDS = 86_400;

/** Settings of a server on which a test makes several organisations: those need an origin of their own for inbound webhooks. */
export const SEVERAL_ORGANISATIONS = { POSTHORN_INGEST_URL: "http://hooks.test" } as const;

export class TestServer implements AsyncDisposable {
  /** The one organisation of `token`. */
  readonly organisation = organisationId();
  readonly jwtSecret = `secret-of-a-test-${organisationId()}`;
  /** A token of the organisation, the same for every start. */
  readonly token = this.tokenOf(this.organisation);
  readonly dataDir: string;
  readonly #options: ServerOptions;
  readonly #database: TestDatabase | null;
  #process: RunningProcess | null = null;
  /** What earlier processes on the same data wrote. */
  #earlier = "";
  readonly #failures: string[] = [];

  private constructor(options: ServerOptions, dataDir: string, database: TestDatabase | null) {
    this.#options = options;
    this.dataDir = dataDir;
    this.#database = database;
  }

  static async start(options: ServerOptions = {}): Promise<TestServer> {
    const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "posthorn-test-")));
    // Data that is there already is in its folder.
    const wanted = onPostgres && options.dataDir === undefined && options.databaseUrl === undefined;
    const server = new TestServer(options, dataDir, wanted ? await createDatabase(await sharedPostgres()) : null);
    try {
      await server.#launch();
    } catch (error) {
      await server.#removeData();
      throw error;
    }
    return server;
  }

  /** Such as `http://127.0.0.1:40000`. Changes with `restart()`. */
  get url(): string {
    return this.#running().url;
  }

  /** Its database on PostgreSQL; `null`: SQLite in the data folder. */
  get databaseUrl(): string | null {
    return this.#options.databaseUrl ?? this.#database?.url ?? null;
  }

  /** Process id of the server; with `npm`, of npm. */
  get pid(): number {
    return this.#running().pid;
  }

  /** All that was written to standard output and standard error so far, by every process of this server. */
  get log(): string {
    return this.#earlier + (this.#process?.output() ?? "");
  }

  /** A token of any organisation, with more claims if wanted. */
  tokenOf(organisation: string, claims: Record<string, unknown> = {}): string {
    const now = Math.floor(Date.now() / 1000);
    return makeToken({ sub: organisation, iat: now, exp: now + TOKEN_SECONDS, ...claims }, this.jwtSecret);
  }

  /** Asks it to stop (SIGTERM) and waits until it has. */
  stop(): Promise<Exit> {
    return this.#end("SIGTERM");
  }

  /** Ends it on the spot (SIGKILL), as a crash of the machine would. */
  kill(): Promise<Exit> {
    return this.#end("SIGKILL");
  }

  /** Starts again on the same data, with new settings on top if given; ends what still runs with SIGTERM. */
  async restart(env: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.stop();
    await this.#launch(env);
  }

  /** Stops it, deletes its data, and throws when it crashed or reported an error that nobody expected. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.#removeData();
    if (this.#failures.length > 0) throw new Error(`The server: ${this.#failures.join("; ")}\n${this.log}`);
  }

  async #launch(env: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#process = await spawnServer({
      npm: this.#options.npm ?? false,
      dev: this.#options.dev ?? true,
      env: {
        POSTHORN_LISTEN: "127.0.0.1:0",
        POSTHORN_DATA_DIR: this.dataDir,
        POSTHORN_JWT_SECRET: this.jwtSecret,
        POSTHORN_LOG_FORMAT: "json",
        ...this.#databaseEnv(),
        ...this.#options.env,
        ...env,
      },
    });
  }

  async #end(signal: NodeJS.Signals): Promise<Exit> {
    const running = this.#process;
    if (running === null) return { code: null, signal: null };
    this.#process = null;
    const ended = running.exit();
    const exit = await running.end(signal);
    // npm and the shell between die of the signal themselves and report that; what counts is that the server ended.
    const diesOfIt = signal === "SIGKILL" || this.#options.npm === true;
    const asked = exit.code === 0 || (diesOfIt && exit.signal === signal);
    if (ended !== null || !asked) {
      this.#failures.push(
        `it ended by itself, or not as asked by ${signal} (code ${exit.code}, signal ${exit.signal})`,
      );
    }
    this.#earlier += running.output();
    if (this.#options.allowErrors !== true) this.#failures.push(...running.troubles());
    return exit;
  }

  #running(): RunningProcess {
    if (this.#process === null) throw new Error("The server is stopped.");
    return this.#process;
  }

  #databaseEnv(): Record<string, string> {
    const url = this.databaseUrl;
    return url === null ? {} : { POSTHORN_DATABASE_URL: url };
  }

  async #removeData(): Promise<void> {
    await this.#database?.[Symbol.asyncDispose]();
    if (this.#options.dataDir === undefined) await rm(this.dataDir, { recursive: true, force: true });
  }
}

/** Starts a server and waits until it takes requests. */
export function startServer(options?: ServerOptions): Promise<TestServer> {
  return TestServer.start(options);
}
