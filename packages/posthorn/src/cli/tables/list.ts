import type { Command } from "commander";
import { listSources, withTables } from "../../store/postgres/table-source/manage.ts";
import type { ListedSource } from "../../store/table-sources.ts";
import { print, printTable } from "../output.ts";
import { addSettingFlags } from "../settings.ts";
import { tablesUrl } from "./database.ts";
import { withJson } from "../help.ts";
import { TABLE_SOURCES } from "../json.ts";

/** `posthorn tables list`: lists the tables whose changes are published, and their missed changes. */
export function addTablesListCommand(tables: Command): void {
  const command = tables.command("list").description("list the tables whose changes are published as events");
  withJson(command, { kind: "own", schema: TABLE_SOURCES });
  addSettingFlags(command).action(async (options: Record<string, unknown>) => {
    const sources = await withTables(tablesUrl(options), listSources);
    if (options["json"] === true) {
      print(JSON.stringify(sources, null, 2));
      return;
    }
    printTable([["NAME", "TABLE", "ON", "TYPE", "APPLICATION", "MISSED"], ...sources.map(rowOf)]);
  });
}

function rowOf({ name, table, changes, type, app, triggers, missed }: ListedSource): readonly string[] {
  const off = triggers === 0 ? " (no triggers)" : "";
  const application = "column" in app ? `column ${app.column}` : app.constant;
  const last = missed === null ? "never" : `${new Date(missed.at).toISOString()}: ${missed.reason}`;
  return [name, table + off, changes.join(","), type, application, last];
}
