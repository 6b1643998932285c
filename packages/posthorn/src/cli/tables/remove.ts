import type { Command } from "commander";
import { removeSource, withTables } from "../../store/postgres/table-source/manage.ts";
import { addSettingFlags } from "../settings.ts";
import { tablesUrl } from "./database.ts";
import { report, withJson } from "../help.ts";
import { TABLE_SOURCE } from "../json.ts";

/** `posthorn tables remove`: stops publishing changes of a table. */
export function addTablesRemoveCommand(tables: Command): void {
  const command = tables
    .command("remove")
    .description("remove a table source with its function and triggers")
    .argument("<name>", "as listed")
    .option("--dry-run", "print the SQL");
  withJson(command, { kind: "own", schema: TABLE_SOURCE });
  addSettingFlags(command).action(async (name: string, options: Record<string, unknown>) => {
    const dryRun = options["dryRun"] === true;
    const sql = await withTables(tablesUrl(options), (client) => removeSource(client, name, { dryRun }));
    report(options, { name, sql: dryRun ? sql : null }, dryRun ? sql : `Removed ${name}.`);
  });
}
