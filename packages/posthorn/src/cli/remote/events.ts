/** `posthorn events`: messages of an application or a source, and their deliveries. */
import type { Command } from "commander";
import { PosthornError } from "../../lib/errors.ts";
import { addClientFlags, call, connectionOf } from "../client.ts";
import { report, withExamples, withJson } from "../help.ts";
import { jsonText, onOneLine, print, printTable } from "../output.ts";
import { cell, type Flags, listRows, pathOf, type Row } from "./api.ts";
import { show } from "./resources.ts";
import { age, integer, list } from "./values.ts";
import { ADDRESS, RESENT } from "../json.ts";

const messagesOf = (flags: Flags): string => pathOf("api", "v1", "app", String(flags["app"]), "msg");

function ofApp(command: Command): Command {
  return command.requiredOption("--app <app>", "application (ID or uid), or ID of a source");
}

export function addEventsCommands(program: Command): void {
  const group = program.command("events").description("events of an application or a source");
  addLs(group);
  addGet(group);
  addReplay(group);
  addOpen(group);
}

function addLs(group: Command): void {
  const command = withJson(ofApp(group.command("ls").description("list events, newest first")), {
    kind: "page",
    model: "MessageOut",
  })
    .option("--events <types>", "only these event types, separated by commas", list)
    .option("--since <age>", "only events of this age, such as 15m, 2h or 3d", age)
    .option("--limit <count>", "maximum number of events", integer(1, 100_000), 50);
  withExamples(command, ["posthorn events ls --app acme --since 1h", "lists the events of the last hour"]);
  addClientFlags(command).action(async (flags: Flags) => {
    const query = new URLSearchParams({ with_content: "false" });
    if (flags["events"] !== undefined) query.set("event_types", (flags["events"] as string[]).join(","));
    if (flags["since"] !== undefined)
      query.set("after", new Date(Date.now() - (flags["since"] as number)).toISOString());
    const rows = await listRows(flags, `${messagesOf(flags)}?${query.toString()}`, flags["limit"] as number);
    if (flags["json"] === true) return print(jsonText({ data: rows }, 2));
    printTable([
      ["ID", "TIME", "TYPE"],
      ...rows.map(({ id, timestamp, eventType }) => [cell(id), cell(timestamp), onOneLine(cell(eventType))]),
    ]);
  });
}

function addGet(group: Command): void {
  const command = withJson(
    ofApp(group.command("get").description("show an event and its deliveries")),
    "MessageOut",
  ).argument("<event>", "ID of the message");
  withExamples(command, [
    "posthorn events get msg_2x… --app acme --json | jq .payload",
    "prints the payload of an event",
  ]);
  addClientFlags(command).action(async (id: string, flags: Flags) => {
    const message = await call(flags, "GET", `${messagesOf(flags)}${pathOf(id)}`);
    show(flags, message);
    if (flags["json"] === true) return;
    const deliveries = await deliveriesOf(flags, id);
    print("");
    printTable([
      ["ENDPOINT", "STATUS", "ATTEMPTS", "NEXT ATTEMPT"],
      ...deliveries.map((row) =>
        [row["endpointId"], row["statusText"] ?? row["status"], row["attempts"], row["nextAttempt"]].map(cell),
      ),
    ]);
  });
}

function deliveriesOf(flags: Flags, id: string): Promise<readonly Row[]> {
  return listRows(flags, `${messagesOf(flags)}${pathOf(id, "delivery")}?`, 1000);
}

function addReplay(group: Command): void {
  const command = withJson(ofApp(group.command("replay").description("send one event again")), {
    kind: "own",
    schema: RESENT,
  })
    .argument("<event>", "ID of the message")
    .option("--endpoint <endpoint>", "only to this endpoint (ID or uid); without it, to all that received it");
  withExamples(command, [
    "posthorn events replay msg_2x… --app acme --endpoint listen-anna",
    "sends an event to a listener again",
  ]);
  addClientFlags(command).action(async (id: string, flags: Flags) => {
    const { endpoint } = flags;
    const endpoints =
      endpoint === undefined
        ? (await deliveriesOf(flags, id)).map((row) => String(row["endpointId"]))
        : [endpoint as string];
    if (endpoints.length === 0)
      throw new PosthornError("bad_request", "No endpoint received this event. Name one with --endpoint.");
    for (const one of endpoints) {
      await call(flags, "POST", `${messagesOf(flags)}${pathOf(id, "endpoint", one, "resend")}`, {});
      if (flags["json"] !== true) print(`Sent ${id} to ${one} again.`);
    }
    if (flags["json"] === true) print(jsonText({ id, endpoints }, 2));
  });
}

function addOpen(group: Command): void {
  const command = withJson(ofApp(group.command("open").description("print the address of an event in the dashboard")), {
    kind: "own",
    schema: ADDRESS,
  }).argument("<event>", "ID of the message");
  withExamples(command, ['xdg-open "$(posthorn events open msg_2x… --app acme)"', "opens an event in a browser"]);
  addClientFlags(command).action((id: string, flags: Flags) => {
    const url = dashboardUrl(connectionOf(flags).url, ["applications", String(flags["app"]), "messages", id]);
    report(flags, { url }, url);
  });
}

/** Address of a page of the dashboard. */
export function dashboardUrl(server: string, parts: readonly string[]): string {
  return `${server.replace(/\/$/, "")}${parts.length === 0 ? "/" : pathOf(...parts)}`;
}
