import type { Command } from "commander";
import { addClientFlags, call } from "../client.ts";
import { print } from "../output.ts";
import { report, withJson } from "../help.ts";

interface ShownKey {
  readonly name: string;
  readonly description: string;
  readonly summary: string;
  readonly scopes: readonly string[] | null;
  readonly lastUsedAt: string | null;
  readonly owner: string | null;
}

/** `posthorn key show`: says what a key can and cannot do. */
export function addKeyShowCommand(key: Command): void {
  const command = withJson(
    key.command("show").description("show what an API key can and cannot do"),
    "ApiKeyOut",
  ).argument("<id>", "ID of the key (key_…)");
  addClientFlags(command).action(async (id: string, options: Record<string, unknown>) => {
    const found = await call(options, "GET", `/api/v1/auth/api-key/${encodeURIComponent(id)}`);
    const { name, description, summary, scopes, lastUsedAt, owner } = found as unknown as ShownKey;
    report(options, found, () => {
      print(`${name}: ${summary}`);
      if (description !== "") print(description);
      print(`Scopes: ${scopes?.join(", ") ?? "all"}`);
      print(`Owner: ${owner ?? "a token of the organisation"}`);
      print(`Last used: ${lastUsedAt ?? "never"}`);
    });
  });
}
