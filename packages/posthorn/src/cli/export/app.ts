import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Command } from "commander";
import { addClientFlags, call } from "../client.ts";
import { withJsonOutput } from "../help.ts";
import { EXPORT_LINE } from "../json.ts";

interface ListPage {
  readonly data: readonly Record<string, unknown>[];
  readonly iterator: string | null;
  readonly done: boolean;
}

type Options = Record<string, string | undefined>;

/** `posthorn export app`: writes an application with its endpoints and messages as NDJSON to standard output or a file. */
export function addExportAppCommand(parent: Command): void {
  const command = parent
    .command("app <id>")
    .description("export an application or source with its endpoints, messages, deliveries and attempts as NDJSON");
  withJsonOutput(command, { kind: "lines", schema: EXPORT_LINE });
  addClientFlags(command)
    .option("--output <file>", "file to write to; it must not exist. Default: standard output")
    .option("--after <message>", "continue after this message: only later messages are exported")
    .action(async (id: string, options: Options) => {
      const body = Readable.from(linesOf(id, options));
      const { output } = options;
      if (output !== undefined) return pipeline(body, createWriteStream(output, { flags: "wx", mode: 0o600 }));
      for await (const chunk of body) process.stdout.write(chunk as string);
    });
}

async function* linesOf(id: string, options: Options): AsyncGenerator<string> {
  const root = id.startsWith("src_") ? "/ingest/api/v1/source" : "/api/v1/app";
  const path = `${root}/${encodeURIComponent(id)}`;
  const { after } = options;
  if (after === undefined) {
    yield line("application", await call(options, "GET", path));
    for await (const endpoint of rowsOf(options, `${path}/endpoint`, 250)) yield line("endpoint", endpoint);
  }
  const eventTypes = new Set<unknown>();
  for await (const message of rowsOf(options, `/api/v1/app/${encodeURIComponent(id)}/export`, 100, after)) {
    eventTypes.add(message["eventType"]);
    yield line("message", message);
  }
  yield line("end", { eventTypes: [...eventTypes] });
}

function line(type: string, data: object): string {
  return `${JSON.stringify({ type, data })}\n`;
}

async function* rowsOf(
  options: Options,
  path: string,
  limit: number,
  after?: string,
): AsyncGenerator<Record<string, unknown>> {
  for (let iterator = after ?? null; ;) {
    const query = new URLSearchParams({ limit: String(limit), ...(iterator === null ? {} : { iterator }) });
    const page = (await call(options, "GET", `${path}?${query.toString()}`)) as unknown as ListPage;
    yield* page.data;
    if (page.done || page.iterator === null) return;
    iterator = page.iterator;
  }
}
