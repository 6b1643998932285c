import { type Command, Option } from "commander";
import { addClientFlags, call } from "../client.ts";
import { onOneLine, print, printTable } from "../output.ts";
import { withJson } from "../help.ts";

interface ListedWatch {
  readonly id: string;
  readonly uid: string | null;
  readonly name: string;
  readonly app: { readonly id: string };
  readonly paused: boolean;
  readonly keys: number;
  readonly phases: { readonly raised: number; readonly pending: number; readonly clearing: number };
}

/** `posthorn watch list`: lists watches with the phases of their keys. */
export function addWatchListCommand(watch: Command): void {
  const command = watch
    .command("list")
    .description("list watches with the phases of their keys")
    .argument("[app]", "application (ID or uid), or ID of a source; without it, all watches")
    .addOption(new Option("--state <state>", "only these").choices(["raised", "pending", "clear", "paused"]));
  withJson(command, { kind: "list", model: "WatchOut" });
  addClientFlags(command).action(async (app: string | undefined, options: Record<string, unknown>) => {
    const path = app === undefined ? "/api/v1/watch" : `/api/v1/app/${encodeURIComponent(app)}/watch`;
    const state = options["state"] === undefined ? "" : `&state=${options["state"] as string}`;
    const watches: ListedWatch[] = [];
    for (let iterator = ""; ;) {
      const page = await call(options, "GET", `${path}?limit=250${state}${iterator}`);
      watches.push(...(page["data"] as ListedWatch[]));
      if (page["done"] === true) break;
      iterator = `&iterator=${encodeURIComponent(page["iterator"] as string)}`;
    }
    if (options["json"] === true) {
      print(JSON.stringify(watches, null, 2));
      return;
    }
    printTable([
      ["ID", "APP", "KEYS", "RAISED", "PENDING", "NAME"],
      ...watches.map(({ id, uid, app: owner, keys, phases, name, paused }) => [
        uid ?? id,
        owner.id,
        String(keys),
        String(phases.raised + phases.clearing),
        String(phases.pending),
        `${onOneLine(name)}${paused ? " (paused)" : ""}`,
      ]),
    ]);
  });
}
