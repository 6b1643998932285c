import type { Command } from "commander";
import { removeSource, withTables } from "../../store/postgres/table-source/manage.ts";
import { print } from "../output.ts";
import { addSettingFlags } from "../settings.ts";
import { tablesUrl } from "./database.ts";

/** `posthorn tables remove`: stops publishing changes of a table. */
export function addTablesRemoveCommand(tables: Command): void {
  const command = tables
    .command("remove")
    .description("remove a table source with its function and triggers")
    .argument("<name>", "as listed")
    .option("--dry-run", "print the SQL");
  addSettingFlags(command).action(async (name: string, options: Record<string, unknown>) => {
    const dryRun = options["dryRun"] === true;
    const sql = await withTables(tablesUrl(options), (client) => removeSource(client, name, { dryRun }));
    print(dryRun ? sql : `Removed ${name}.`);
  });
}
