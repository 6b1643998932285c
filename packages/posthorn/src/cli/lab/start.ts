import type { Lab } from "@posthorn/egress/lab";
import type { Command } from "commander";
import { parseInteger } from "../../config/parse.ts";
import { PosthornError } from "../../lib/errors.ts";
import { print } from "../output.ts";
import { stopSignal } from "../stop-signal.ts";
import { withoutJson } from "../help.ts";

/** The HTTP port, followed by the ports that misbehave below HTTP. */
const LAB_PORTS = 11;

/** `posthorn lab`: runs a receiver that misbehaves on purpose, until it receives a stop signal. */
export function addLabCommand(program: Command): void {
  const command = program
    .command("lab")
    .description("start a receiver that misbehaves on purpose, for testing senders")
    .option("--port <port>", `first of ${LAB_PORTS} consecutive ports; 0 uses any free ports`, "8072")
    .option("--host <address>", "address to listen on; hostile by design, so do not use a public address", "127.0.0.1")
    .action(({ port, host }: { port: string; host: string }) => runLab(host, portOf(port)));
  withoutJson(command, "It prints the addresses of its receivers.");
}

function portOf(text: string): number {
  try {
    return parseInteger(text, { min: 0, max: 65_536 - LAB_PORTS });
  } catch (cause) {
    throw new PosthornError("config_invalid", `--port is wrong: ${(cause as Error).message}.`, { cause });
  }
}

async function runLab(host: string, port: number): Promise<void> {
  const stop = stopSignal();
  await using lab = await listen(host, port);
  print(`The lab misbehaves on purpose. What it can do is listed at ${lab.url}/`);
  for (const [name, url] of Object.entries(lab.ports)) print(`  ${name.padEnd(24)}${url}`);
  await stop;
}

async function listen(host: string, port: number): Promise<Lab> {
  // Loaded lazily, because no other command needs it.
  const { startLab } = await import("@posthorn/egress/lab");
  try {
    return await startLab({ host, port });
  } catch (cause) {
    throw new PosthornError(
      "config_invalid",
      `The lab cannot listen on ${host}:${port} and the following ports (${(cause as Error).message}). Choose another --port.`,
      { cause },
    );
  }
}
