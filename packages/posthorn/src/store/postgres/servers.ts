/** The servers of a database. One of them accepts writes, and a failover changes which. */
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { StoreError, type StoreOutage } from "../errors.ts";
import { toStoreError } from "./errors.ts";
import { serversName, serverUrls } from "./server-urls.ts";

/** Interval for checking a standby again while other servers have not responded, because it may be promoted at any time. */
const RECHECK_MS = 250;
/** Which error to report when no server is writable: one that an operator must fix, else the one closest to working. */
const TELLING: readonly (StoreOutage | null)[] = [
  null,
  "read_only",
  "no_connections",
  "refusing",
  "silent",
  "unreachable",
];

export class Servers {
  readonly #urls: readonly [string, ...string[]];
  #url: string;
  #known: boolean;
  #search: Promise<unknown> | null = null;

  /** Throws `config_invalid` for an invalid URL. */
  constructor(url: string) {
    try {
      this.#urls = serverUrls(url);
    } catch (cause) {
      throw new StoreError("config_invalid", `The database URL is invalid: ${(cause as Error).message}.`, {
        cause,
      });
    }
    this.#url = this.#urls[0];
    this.#known = this.#urls.length === 1;
  }

  /** URL of the server that accepted writes at the last check. */
  get url(): string {
    return this.#url;
  }

  /** Reports that a connection to the server failed. The next connection checks all servers again. */
  doubt(): void {
    this.#known = this.#urls.length === 1;
  }

  /** Resolves when the writable server is known. */
  async known(make: (url: string) => pg.Client): Promise<void> {
    if (this.#known) return;
    this.#search ??= this.connect(make)
      .then((client) => client.end())
      .finally(() => (this.#search = null));
    await this.#search;
  }

  /**
   * Connects to the server that accepts writes. All servers are tried at the same time, since one that is down may not respond at all. A
   * single server is used without a check. Rejects with the error of the client, or for several servers with a `StoreError` that describes
   * the error of each.
   */
  async connect(make: (url: string) => pg.Client): Promise<pg.Client> {
    if (this.#urls.length === 1) return opened(make(this.#url));
    const tries = this.#urls.map((url) => ({ url, client: make(url) }));
    let silent = tries.length;
    let winner: pg.Client | null = null;
    try {
      const { url, client } = await Promise.any(
        tries.map(async (each) => {
          const answered = opened(each.client).finally(() => silent--);
          await answered;
          while (!(await takesWrites(each.client))) {
            if (silent === 0 || winner !== null) throw readOnly();
            await delay(RECHECK_MS);
          }
          return each;
        }),
      );
      this.#url = url;
      this.#known = true;
      return (winner = client);
    } catch (error) {
      throw noWritableServer(this.#urls, (error as AggregateError).errors);
    } finally {
      for (const { client } of tries) if (client !== winner) client.end().catch(() => undefined);
    }
  }
}

/** Connects a client. Closes it if that fails. */
export async function opened(client: pg.Client): Promise<pg.Client> {
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (error) {
    client.end().catch(() => undefined);
    throw error;
  }
  return client;
}

async function takesWrites(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ transaction_read_only: string }>("SHOW transaction_read_only");
  return rows[0]!.transaction_read_only === "off";
}

function readOnly(): StoreError {
  return new StoreError("storage_unavailable", "it does not accept writes", { outage: "read_only" });
}

function noWritableServer(urls: readonly string[], errors: readonly unknown[]): StoreError {
  const found = errors.map((error) => toStoreError(error));
  const [telling] = found.toSorted((a, b) => TELLING.indexOf(a.outage) - TELLING.indexOf(b.outage));
  const { code, outage } = telling!;
  const each = found.map(
    (error, at) => `${hostOf(urls[at]!)}: ${((error.cause as Error | undefined) ?? error).message}`,
  );
  const cause = new Error(each.join("; "), { cause: telling });
  return outage === null
    ? new StoreError(code, `PostgreSQL refuses: ${cause.message}. See POSTHORN_DATABASE_URL.`, { cause })
    : new StoreError(code, `PostgreSQL does not respond (${cause.message}); trying again.`, { cause, outage });
}

function hostOf(url: string): string {
  return serversName(url).replace(/^postgres:\/\/([^/]*).*$/s, "$1");
}
