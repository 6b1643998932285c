import type { Command } from "commander";
import { VERSION } from "../../lib/version.ts";
import { addClientFlags, connectionOf } from "../client.ts";
import { withExamples, withoutJson } from "../help.ts";
import { stopSignal } from "../stop-signal.ts";
import { serveStdio } from "./stdio.ts";

/** `posthorn mcp`: serves the MCP endpoint of a server over standard input and output. */
export function addMcpCommand(program: Command): void {
  const command = program
    .command("mcp")
    .description("serve MCP over standard input and output, for agents that start a program")
    .option("--app <app>", "only this application (ID or uid), or ID of a source");
  withExamples(
    command,
    ["claude mcp add posthorn -- posthorn mcp", "gives an agent access with the token of your current profile"],
    ["posthorn mcp --profile production --app acme", "serves one application of another server"],
  );
  withoutJson(command, "Standard output has the messages of the protocol.");
  addClientFlags(command).action(async (flags: Record<string, unknown>) => {
    const stop = new AbortController();
    void stopSignal().then(() => stop.abort());
    // The client is gone.
    process.stdout.once("error", () => stop.abort());
    const app = flags["app"] as string | undefined;
    await serveStdio({
      connection: connectionOf(flags),
      path: app === undefined ? "/mcp" : `/mcp/app/${encodeURIComponent(app)}`,
      input: process.stdin,
      output: process.stdout,
      userAgent: `posthorn-mcp/${VERSION}`,
      signal: stop.signal,
    });
  });
}
