import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import type { Command } from "commander";
import { PosthornError } from "../../lib/errors.ts";
import { addClientFlags, call } from "../client.ts";

import { report, withJson } from "../help.ts";

const HELP = `
Examples:
  $ echo '{"t": 81}' | posthorn sources sample src_2yZ… plant.reading -
  $ posthorn sources sample src_2yZ… feed.entry entry.json`;

/** `posthorn sources sample`: stores an event as if a source had received it. */
export function addSourcesSampleCommand(sources: Command): void {
  const command = sources
    .command("sample")
    .description("send a sample event: it is stored as if the source had received it, and delivered; prints its ID")
    .argument("<source>", "source (ID)")
    .argument("<type>", "event type")
    .argument("<payload>", "file with the payload as JSON; - reads standard input")
    .addHelpText("after", HELP);
  withJson(command, "SourceSampleOut");
  addClientFlags(command).action(
    async (source: string, eventType: string, file: string, options: Record<string, unknown>) => {
      const path = `/ingest/api/v1/source/${encodeURIComponent(source)}/sample`;
      const sent = await call(options, "POST", path, { eventType, payload: await payloadOf(file) });
      report(options, sent, String(sent["id"]));
    },
  );
}

async function payloadOf(file: string): Promise<unknown> {
  try {
    return JSON.parse(file === "-" ? await text(process.stdin) : await readFile(file, "utf8")) as unknown;
  } catch (cause) {
    throw new PosthornError("bad_request", `Cannot read the payload: ${(cause as Error).message}`, { cause });
  }
}
