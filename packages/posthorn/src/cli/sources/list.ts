import { type Command, Option } from "commander";
import { addClientFlags, call } from "../client.ts";
import { onOneLine, print, printTable } from "../output.ts";
import { withJson } from "../help.ts";

interface ListedSource {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly state?: string | null;
}

/** `posthorn sources list`: lists sources with their kind and state. */
export function addSourcesListCommand(sources: Command): void {
  const command = sources
    .command("list")
    .alias("ls")
    .description("list sources with their kind and state")
    .option("--kind <kind>", "only sources of this kind, such as mqtt or webhook")
    .addOption(new Option("--state <state>", "only sources in this state, such as failing"));
  withJson(command, { kind: "list", model: "IngestSourceOut" });
  addClientFlags(command).action(async (options: Record<string, unknown>) => {
    const filters = ["kind", "state"].flatMap((name) =>
      options[name] === undefined ? [] : [`&${name}=${encodeURIComponent(options[name] as string)}`],
    );
    const found: ListedSource[] = [];
    for (let iterator = ""; ;) {
      const page = await call(options, "GET", `/ingest/api/v1/source?limit=250${filters.join("")}${iterator}`);
      found.push(...(page["data"] as ListedSource[]));
      if (page["done"] === true) break;
      iterator = `&iterator=${encodeURIComponent(page["iterator"] as string)}`;
    }
    if (options["json"] === true) print(JSON.stringify(found, null, 2));
    else {
      printTable([
        ["ID", "KIND", "STATE", "NAME"],
        ...found.map(({ id, kind, state, name }) => [id, kind, state ?? "–", onOneLine(name)]),
      ]);
    }
  });
}
