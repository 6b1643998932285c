/** The server as a separate process, started as a user starts it, with its own data. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { organisationId } from "./factories.ts";
import { createDatabase, type TestDatabase } from "./postgres.ts";
import { sharedPostgres } from "./postgres-on-demand.ts";
import { type RunningProcess, spawnServer, type Exit } from "./server-process.ts";
import { makeToken } from "./token.ts";

export interface ServerOptions {
  /** Settings, by their full names such as `POSTHORN_RETRY_SCHEDULE`. The server has one thread unless `POSTHORN_THREADS` is set. */
  readonly env?: Readonly<Record<string, string>>;
  /** Literally `npm start` in the repository, instead of the process that it starts. */
  readonly npm?: boolean;
  /** `false` for `posthorn start` without `--dev`. */
  readonly dev?: boolean;
  /** An existing PostgreSQL database, by its URL; it is kept at the end. Defaults to a new one if the run is on PostgreSQL. */
  readonly databaseUrl?: string;
  /** An existing data folder; it is kept at the end. Defaults to a new one, which is deleted. */
  readonly dataDir?: string;
  /** The test is about errors in the log, so they do not fail it. */
  readonly allowErrors?: boolean;
  /** The exit code with which it stops on SIGTERM; default: 0. */
  readonly exitCode?: number;
}

/** Whether this run of the tests is on PostgreSQL: a Vitest project. */
export const onPostgres: boolean = process.env["POSTHORN_TEST_STORE"] === "postgres";

/** The organisation that a server creates when it starts. */
export const DEFAULT_ORGANISATION = "org_00000000000000000000default";

/** Long enough for a suite, short enough to be noticed when it is reused by mistake. */
const TOKEN_SECONDS = 86_400;

/** Settings of a server with several organisations, which requires a separate origin for inbound webhooks. */
export const SEVERAL_ORGANISATIONS = { POSTHORN_INGEST_URL: "http://hooks.test" } as const;

export class TestServer implements AsyncDisposable {
  /** The organisation of `token`: the one that a server creates when it starts. It refuses a second one without a separate origin. */
  readonly organisation = DEFAULT_ORGANISATION;
  readonly jwtSecret = `secret-of-a-test-${organisationId()}`;
  /** A token of the organisation, the same for every start. */
  readonly token = this.tokenOf(this.organisation);
  readonly dataDir: string;
  readonly #options: ServerOptions;
  readonly #database: TestDatabase | null;
  #process: RunningProcess | null = null;
  /** Output of earlier processes on the same data. */
  #earlier = "";
  readonly #failures: string[] = [];

  private constructor(options: ServerOptions, dataDir: string, database: TestDatabase | null) {
    this.#options = options;
    this.dataDir = dataDir;
    this.#database = database;
  }

  static async start(options: ServerOptions = {}): Promise<TestServer> {
    const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "posthorn-test-")));
    // Existing data stays in its folder.
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

  /** Its PostgreSQL database; `null`: SQLite in the data folder. */
  get databaseUrl(): string | null {
    return this.#options.databaseUrl ?? this.#database?.url ?? null;
  }

  /** Process id of the server; with `npm`, of npm. */
  get pid(): number {
    return this.#running().pid;
  }

  /** Everything written to standard output and standard error so far, by every process of this server. */
  get log(): string {
    return this.#earlier + (this.#process?.output() ?? "");
  }

  /** A token of any organisation, optionally with more claims. */
  tokenOf(organisation: string, claims: Record<string, unknown> = {}): string {
    const now = Math.floor(Date.now() / 1000);
    return makeToken({ sub: organisation, iat: now, exp: now + TOKEN_SECONDS, ...claims }, this.jwtSecret);
  }

  /** Stops it with SIGTERM and waits for its exit. */
  stop(): Promise<Exit> {
    return this.#end("SIGTERM");
  }

  /** Kills it (SIGKILL), as a crash of the machine would. */
  kill(): Promise<Exit> {
    return this.#end("SIGKILL");
  }

  /** Starts again on the same data, optionally with new settings; stops a running process with SIGTERM first. */
  async restart(env: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.stop();
    await this.#launch(env);
  }

  /** Stops it, deletes its data, and throws if it crashed or reported an unexpected error. */
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
        // With a free core, a second thread would start in the middle of a test that keeps the server busy.
        POSTHORN_THREADS: "1",
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
    // The signal also ends npm and its shell, which report it. Only the exit of the server counts.
    const endsBySignal = signal === "SIGKILL" || this.#options.npm === true;
    const isExpected = exit.code === (this.#options.exitCode ?? 0) || (endsBySignal && exit.signal === signal);
    if (ended !== null || !isExpected) {
      this.#failures.push(
        `it exited on its own, or not as expected after ${signal} (code ${exit.code}, signal ${exit.signal})`,
      );
    }
    this.#earlier += running.output();
    if (this.#options.allowErrors !== true) this.#failures.push(...running.problems());
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

/** Starts a server and waits until it accepts requests. */
export function startServer(options?: ServerOptions): Promise<TestServer> {
  return TestServer.start(options);
}
