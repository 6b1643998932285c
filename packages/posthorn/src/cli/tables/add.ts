import type { Command } from "commander";
import { parseList } from "../../config/parse.ts";
import { PosthornError } from "../../lib/errors.ts";
import {
  type Change,
  CHANGES,
  DEFAULT_PAYLOAD,
  type TableSource,
} from "../../store/postgres/table-source/definition.ts";
import { addSource, withTables } from "../../store/postgres/table-source/manage.ts";
import { addSettingFlags } from "../settings.ts";
import { tablesUrl } from "./database.ts";
import { report, withJson } from "../help.ts";
import { TABLE_SOURCE } from "../json.ts";

/** `posthorn tables add`: starts publishing changes of a table as events. */
export function addTablesAddCommand(tables: Command): void {
  const command = tables
    .command("add")
    .description("publish an event for each change of a table, in the same transaction")
    .argument("<table>", "name of the table, such as orders or shop.orders")
    .option("--app <application>", "uid or ID of the application that the events belong to")
    .option("--app-column <column>", "column that contains the application; rows without a value produce no events")
    .option("--on <changes>", "changes to publish, separated by commas", CHANGES.join(","))
    .option("--type <type>", "type of event; {event} becomes created, updated or deleted (default: TABLE.{event})")
    .option(
      "--columns <columns>",
      "columns in the payload, separated by commas; an update is an event only if one of them changes (default: all)",
    )
    .option("--when <condition>", "SQL over new and old, such as new.status = 'paid'")
    .option("--payload <template>", `JSON with {{SQL}} in place of values (default: ${DEFAULT_PAYLOAD})`)
    .option("--name <name>", "name of this source (default: the name of the table)")
    .option("--org <organisation>", "organisation, if several have an application with this uid")
    .option("--strict", "make a change fail if its event cannot be published")
    .option("--dry-run", "run the SQL, roll it back, and print it");
  withJson(command, { kind: "own", schema: TABLE_SOURCE });
  addSettingFlags(command).action(async (table: string, options: Record<string, unknown>) => {
    const source = sourceOf(table, options);
    const dryRun = options["dryRun"] === true;
    const sql = await withTables(tablesUrl(options), (client) => addSource(client, source, table, { dryRun }));
    report(
      options,
      { name: source.name, sql: dryRun ? sql : null },
      dryRun
        ? sql
        : `Changes of ${table} are published as events from now on. \`posthorn tables remove ${source.name}\` stops that.`,
    );
  });
}

function sourceOf(table: string, options: Record<string, unknown>): TableSource {
  const text = (name: string): string | null => (options[name] as string | undefined) ?? null;
  const bare = table.split(".").at(-1)!.replaceAll('"', "");
  const columns = text("columns");
  return {
    name: text("name") ?? bare.toLowerCase(),
    changes: parseList(text("on")!).map(changeOf),
    columns: columns === null ? null : parseList(columns),
    when: text("when"),
    type: text("type") ?? `${bare}.{event}`,
    payload: text("payload"),
    app: applicationOf(text("app"), text("appColumn")),
    org: text("org"),
    strict: options["strict"] === true,
  };
}

function changeOf(text: string): Change {
  const change = CHANGES.find((candidate) => candidate === text);
  if (change !== undefined) return change;
  throw new PosthornError("config_invalid", `--on is wrong: "${text}" is not one of ${CHANGES.join(", ")}.`);
}

function applicationOf(constant: string | null, column: string | null): TableSource["app"] {
  if (constant !== null && column === null) return { constant };
  if (column !== null && constant === null) return { column };
  throw new PosthornError("config_invalid", "Specify the application of the events: either --app or --app-column.");
}
