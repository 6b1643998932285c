import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Command } from "commander";
import { addClientFlags, open } from "../client.ts";
import { withJsonOutput } from "../help.ts";
import { AUDIT_LINE } from "../json.ts";

const FILTERS = ["actor", "action", "target", "after", "before"] as const;

/** `posthorn audit export`: writes the audit log as NDJSON to standard output or a file. */
export function addAuditExportCommand(audit: Command): void {
  const command = audit.command("export").description("export the audit log as NDJSON");
  withJsonOutput(command, { kind: "lines", schema: AUDIT_LINE });
  addClientFlags(command)
    .option("--output <file>", "file to write to; it must not exist. Default: standard output")
    .option("--actor <id>", "only entries of this API key, user or application")
    .option("--action <operation>", "only entries of this operation, such as v1.endpoint.patch")
    .option("--target <id>", "only entries about this resource")
    .option("--app <id>", "only entries of this application or source")
    .option("--after <time>", "only entries at or after this time (RFC 3339)")
    .option("--before <time>", "only entries before this time (RFC 3339)")
    .action(async (options: Record<string, string | undefined>) => {
      const body = await openExport(options);
      const { output } = options;
      if (output !== undefined) return pipeline(body, createWriteStream(output, { flags: "wx", mode: 0o600 }));
      for await (const chunk of body) process.stdout.write(chunk as Buffer);
    });
}

/** Requests an export. An error response becomes an error. */
export async function openExport(options: Record<string, string | undefined>): Promise<Readable> {
  const query = new URLSearchParams();
  for (const name of FILTERS) if (options[name] !== undefined) query.set(name, options[name]);
  if (options["app"] !== undefined) query.set("app_id", options["app"]);
  const response = await open(options, "GET", `/api/v1/audit/export${query.size === 0 ? "" : `?${query.toString()}`}`);
  return Readable.fromWeb(response.body! as Parameters<typeof Readable.fromWeb>[0]);
}
