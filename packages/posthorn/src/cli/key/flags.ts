/** Options of the commands that create and change API keys. */
import type { Command } from "commander";

export function addKeyFlags(command: Command): Command {
  return command
    .option("--scope <scope...>", "what it may do, such as messages:publish; app:ID limits it to an application")
    .option("--network <network...>", "address or network that may use it, such as 10.1.0.0/16")
    .option("--expires <date>", "expiry, such as 2027-01-31T00:00:00Z")
    .option("--description <text>", "what it is for");
}

/** Fields of the request for the options that were given. */
export function keyFields(options: Record<string, unknown>): Record<string, unknown> {
  const { scope: scopes, network: networks, expires: expiresAt, description } = options;
  const fields = { scopes, networks, expiresAt, description };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
