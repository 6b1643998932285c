import type { Command } from "commander";
import { addClientFlags, call, connectionOf } from "../client.ts";
import { PosthornError } from "../../lib/errors.ts";
import { report, withExamples, withJson } from "../help.ts";
import type { Flags } from "./api.ts";
import { dashboardUrl } from "./events.ts";
import { ADDRESS } from "../json.ts";

/** `posthorn open`: prints the address of a resource in the dashboard. */
export function addOpenCommand(program: Command): void {
  const command = withJson(
    program.command("open").description("print the address of the dashboard, or of a resource in it"),
    { kind: "own", schema: ADDRESS },
  )
    .argument("[id]", "ID of an application, source, endpoint or message")
    .option("--app <app>", "application of an endpoint or message");
  withExamples(command, ["posthorn open ep_2x… --app acme", "prints the address of an endpoint"]);
  addClientFlags(command).action(async (id: string | undefined, flags: Flags) => {
    const { url } = connectionOf(flags);
    const address = dashboardUrl(url, id === undefined ? [] : await partsOf(id, flags));
    report(flags, { url: address }, address);
  });
}

async function partsOf(id: string, flags: Flags): Promise<readonly string[]> {
  if (id.startsWith("src_")) return ["sources", id];
  if (id.startsWith("ep_")) return ["applications", appOf(flags, id), "endpoints", id];
  if (id.startsWith("msg_")) return ["applications", appOf(flags, id), "messages", id];
  // Names an application, which must exist.
  const found = await call(flags, "GET", `/api/v1/app/${encodeURIComponent(id)}`);
  return ["applications", String(found["id"])];
}

function appOf({ app }: Flags, id: string): string {
  if (app === undefined) throw new PosthornError("bad_request", `Name the application of ${id} with --app.`);
  return app as string;
}
