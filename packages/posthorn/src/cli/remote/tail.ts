import type { Command } from "commander";
import { addClientFlags, open } from "../client.ts";
import { withExamples, withExitCodes, withJson } from "../help.ts";
import { jsonText, onOneLine, print, printNote } from "../output.ts";
import { stopSignal } from "../stop-signal.ts";
import { cell, type Flags, type Row } from "./api.ts";
import { LIVE_EVENT } from "../json.ts";

/** `posthorn tail`: prints messages and attempts as they happen. */
export function addTailCommand(program: Command): void {
  const command = withJson(
    program.command("tail").description("print events and attempts as they happen, until interrupted"),
    { kind: "lines", schema: LIVE_EVENT },
  )
    .option("--app <app>", "only this application (ID or uid), or ID of a source")
    .option("--failed", "only failed attempts");
  withExitCodes(command, { 0: "it was interrupted", 1: "the server ended the stream, or the command failed" });
  withExamples(
    command,
    ["posthorn tail --app acme", "shows what happens in one application"],
    ["posthorn tail --failed --json | jq -r .errorCode", "prints the causes of failures"],
  );
  addClientFlags(command).action(async (flags: Flags) => {
    const stop = new AbortController();
    void stopSignal().then(() => stop.abort());
    // The reader of the output has exited, as `head` does.
    process.stdout.once("error", () => stop.abort());
    try {
      const response = await open(flags, "GET", "/api/v1/live", { signal: stop.signal });
      printNote("Waiting for events.");
      for await (const { event, data } of eventsOf(response.body!)) showEvent(flags, event, data);
      printNote("The server ended the stream: it stopped, or the token is no longer valid.");
      process.exitCode = 1;
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    }
  });
}

function showEvent(flags: Flags, event: string, data: Row): void {
  if (event === "gap") return printNote("Some events are missing: `posthorn events ls` lists them.");
  if (event !== "message.accepted" && event !== "attempt.recorded") return;
  const { app, failed } = flags;
  if (app !== undefined && data["appId"] !== app && data["appUid"] !== app) return;
  const isFailure = event === "attempt.recorded" && data["status"] === 2;
  if (failed === true && !isFailure) return;
  if (flags["json"] === true) return print(jsonText({ type: event, ...data }));
  const head = `${cell(data["timestamp"])}  ${cell(data["appUid"] ?? data["appId"])}  ${onOneLine(cell(data["eventType"]))}  ${cell(data["msgId"])}`;
  if (event === "message.accepted") return print(`${head}  accepted, ${cell(data["endpoints"])} endpoints`);
  const outcome = isFailure ? `failed ${cell(data["errorCode"])}` : "delivered";
  print(
    `${head}  ${outcome} ${cell(data["responseStatusCode"])} (${cell(data["responseDurationMs"])} ms) ${onOneLine(cell(data["endpointUrl"]))}`,
  );
}

interface StreamEvent {
  readonly event: string;
  readonly data: Row;
}

/** Server-sent events (HTML standard, section 9.2) with JSON as data. */
export async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamEvent> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
      const fields = new Map(
        text
          .slice(0, end)
          .split("\n")
          .map((line) => [line.split(":")[0]!, line.replace(/^[^:]*: ?/, "")]),
      );
      text = text.slice(end + 2);
      const data = fields.get("data");
      if (data !== undefined) yield { event: fields.get("event") ?? "message", data: JSON.parse(data) as Row };
    }
  }
}
