/** Database of the table source commands. */
import { envToConfig } from "../../config/config.ts";
import { readEnv } from "../../config/env.ts";
import { PosthornError } from "../../lib/errors.ts";
import { sourcesOf } from "../settings.ts";

/** The PostgreSQL URL in the settings. Throws `config_invalid` for SQLite. */
export function tablesUrl(options: Record<string, unknown>): string {
  const { database } = envToConfig(readEnv(sourcesOf(options)));
  if (database.kind === "postgres") return database.directUrl ?? database.url;
  throw new PosthornError(
    "config_invalid",
    "Table sources require PostgreSQL, and a Posthorn that uses the same database: set POSTHORN_DATABASE_URL or --database-url. `posthorn copy` moves existing data from SQLite.",
  );
}
