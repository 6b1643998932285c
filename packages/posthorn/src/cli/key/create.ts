import type { Command } from "commander";
import { addClientFlags, call } from "../client.ts";
import { printNote } from "../output.ts";
import { addKeyFlags, keyFields } from "./flags.ts";
import { report, withJson } from "../help.ts";

/** `posthorn key create`: creates an opaque key of the organisation, which is shown once. */
export function addKeyCreateCommand(key: Command): void {
  const command = withJson(
    key.command("create").description("create an API key; it is shown only once"),
    "ApiKeyCreated",
  ).argument("<name>", "what it is for");
  addClientFlags(addKeyFlags(command)).action(async (name: string, options: Record<string, unknown>) => {
    const created = await call(options, "POST", "/api/v1/auth/api-key", { name, ...keyFields(options) });
    report(options, created, String(created["token"]));
    printNote(String(created["summary"]));
  });
}
