import type { Command } from "commander";
import { addClientFlags, call } from "../client.ts";
import { withExamples, withJson } from "../help.ts";
import { jsonText, print } from "../output.ts";
import { type Flags, pathOf } from "./api.ts";
import { jsonOf, list } from "./values.ts";

/** `posthorn publish`: publishes an event. */
export function addPublishCommand(program: Command): void {
  const command = withJson(program.command("publish").description("publish an event to an application"), "MessageOut")
    .argument("<event-type>", "such as invoice.paid")
    .requiredOption("--app <app>", "application (ID or uid)")
    .option("--data <json>", "payload: JSON, @ and the name of a file, or - for standard input", "{}")
    .option("--event-id <id>", "your own ID; a second event with the same ID is not published")
    .option("--channels <names>", "channels, separated by commas", list);
  withExamples(
    command,
    ["posthorn publish invoice.paid --app acme --data '{\"amount\":1250}'", "publishes an event"],
    [
      "jq .invoice order.json | posthorn publish invoice.paid --app acme --data -",
      "takes the payload from another program",
    ],
  );
  addClientFlags(command).action(async (eventType: string, flags: Flags) => {
    const { app, data, eventId, channels } = flags;
    const message = await call(flags, "POST", pathOf("api", "v1", "app", String(app), "msg"), {
      eventType,
      payload: jsonOf(String(data), "--data"),
      ...(eventId === undefined ? {} : { eventId }),
      ...(channels === undefined ? {} : { channels }),
    });
    print(flags["json"] === true ? jsonText(message, 2) : String(message["id"]));
  });
}
