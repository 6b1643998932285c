import type { Command } from "commander";
import { addClientFlags, call } from "../client.ts";
import { print } from "../output.ts";

/** `posthorn key create`: creates an opaque key of the organisation, which is shown once. */
export function addKeyCreateCommand(key: Command): void {
  const command = key
    .command("create")
    .description("create an API key; it is shown only once")
    .argument("<name>", "what it is for")
    .option("--expires <date>", "when it ends, such as 2027-01-31T00:00:00Z");
  addClientFlags(command).action(async (name: string, options: Record<string, unknown>) => {
    const expires = options["expires"] as string | undefined;
    const body = { name, ...(expires === undefined ? {} : { expiresAt: expires }) };
    const created = await call(options, "POST", "/api/v1/auth/api-key", body);
    print(String(created["token"]));
  });
}
