/** A whole node in this process, with its own folder. */
import type { TestDatabase } from "@posthorn/testkit";
import { existsSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { pino } from "pino";
import { organisationToken } from "../../src/cli/token/create.ts";
import { envToConfig } from "../../src/config/config.ts";
import { readEnv } from "../../src/config/env.ts";
import { loadSecrets } from "../../src/config/secrets.ts";
import type { Services } from "../../src/domain/context.ts";
import { PosthornNode } from "../../src/node/node.ts";
import type { NodeOptions } from "../../src/node/options.ts";
import { emptyDatabase } from "./empty-database.ts";
import { borrowDatabase } from "./postgres.ts";
import { onPostgres } from "./store.ts";

export interface TestNode extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  readonly metricsUrl: string | null;
  /** Port at which emails are received; `null`: none are. */
  readonly smtpPort: number | null;
  /** The services of the API, for situations that no API call can cause. */
  readonly services: Services;
  /** The HTTP server, for tests that make it fail. */
  readonly server: { close(): unknown };
  /** A token of another organisation. */
  tokenOf(organisation: string): Promise<string>;
}

/** Starts a node with its data in `folder`, or in the PostgreSQL database that belongs to it: see `openStore`. */
export async function startNode(
  folder: string,
  options: Partial<NodeOptions> & { readonly env?: Record<string, string> } = {},
): Promise<TestNode> {
  const environment = {
    POSTHORN_DATA_DIR: folder,
    POSTHORN_LISTEN: "127.0.0.1:0",
    POSTHORN_EGRESS_CLIENT: process.env["POSTHORN_TEST_HTTP_CLIENT"] ?? "builtin",
    ...(onPostgres ? { POSTHORN_DATABASE_URL: await databaseOf(folder) } : {}),
    ...options.env,
  };
  const config = envToConfig(readEnv({ environment, dev: true }));
  if (config.database.kind === "sqlite") provideTables(config.database.path);
  const secrets = loadSecrets(config);
  const posthorn = await PosthornNode.start({ config, secrets, log: pino({ level: "silent" }), ...options });
  return {
    url: posthorn.url,
    metricsUrl: posthorn.metricsUrl,
    smtpPort: posthorn.smtpPort,
    services: posthorn.services,
    server: posthorn.server,
    tokenOf: (organisation) => organisationToken(secrets.jwtSecret, organisation),
    token: await organisationToken(secrets.jwtSecret, "org_00000000000000000000000test"),
    [Symbol.asyncDispose]: () => posthorn[Symbol.asyncDispose](),
  };
}

/** Copies an empty database with the current tables to the path, unless there is one. All migrations together take long. */
function provideTables(path: string): void {
  if (existsSync(dirname(path)) && !existsSync(path)) writeFileSync(path, emptyDatabase(), { mode: 0o600 });
}

/** Created when a folder is first used; a node started again on the folder finds its data. Returned when the folder is deleted. */
const databases = new Map<string, Promise<TestDatabase>>();

async function databaseOf(folder: string): Promise<string> {
  for (const [path, database] of databases) {
    if (existsSync(path)) continue;
    databases.delete(path);
    await (await database)[Symbol.asyncDispose]();
  }
  let database = databases.get(folder);
  if (database === undefined) {
    database = borrowDatabase();
    databases.set(folder, database);
  }
  return (await database).url;
}
