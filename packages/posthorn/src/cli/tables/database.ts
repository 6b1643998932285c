/** The database whose tables are meant, for the commands of table sources. */
import { envToConfig } from "../../config/config.ts";
import { readEnv } from "../../config/env.ts";
import { PosthornError } from "../../lib/errors.ts";
import { sourcesOf } from "../settings.ts";

/** The URL of the PostgreSQL that the settings name. Throws `config_invalid` for SQLite. */
export function tablesUrl(options: Record<string, unknown>): string {
  const { database } = envToConfig(readEnv(sourcesOf(options)));
  if (database.kind === "postgres") return database.directUrl ?? database.url;
  throw new PosthornError(
    "config_invalid",
    "Events are made of tables in PostgreSQL only, by a Posthorn that uses the same database: set POSTHORN_DATABASE_URL, or give --database-url. `posthorn copy` brings along what is in SQLite.",
  );
}
