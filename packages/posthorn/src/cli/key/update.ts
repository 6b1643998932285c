import type { Command } from "commander";
import { PosthornError } from "../../lib/errors.ts";
import { addClientFlags, call } from "../client.ts";

import { addKeyFlags, keyFields } from "./flags.ts";
import { report, withJson } from "../help.ts";

/** Options that remove a limit, with the field that they set to null. */
const REMOVALS = { everything: "scopes", anywhere: "networks", forever: "expiresAt" } as const;

/** `posthorn key update`: changes what a key may do. The key itself stays the same. */
export function addKeyUpdateCommand(key: Command): void {
  const command = withJson(
    key.command("update").description("change an API key; omitted options keep their values"),
    "ApiKeyOut",
  )
    .argument("<id>", "ID of the key (key_…)")
    .option("--name <name>", "new name");
  addKeyFlags(command)
    .option("--everything", "remove its scopes: it then has all permissions")
    .option("--anywhere", "remove its networks: it can then be used from any address")
    .option("--forever", "remove its expiry");
  addClientFlags(command).action(async (id: string, options: Record<string, unknown>) => {
    const changes = keyFields(options);
    if (options["name"] !== undefined) changes["name"] = options["name"];
    for (const [flag, field] of Object.entries(REMOVALS)) {
      if (options[flag] !== true) continue;
      if (field in changes) throw new PosthornError("bad_request", `--${flag} removes what another option sets.`);
      changes[field] = null;
    }
    const updated = await call(options, "PATCH", `/api/v1/auth/api-key/${encodeURIComponent(id)}`, changes);
    report(options, updated, String(updated["summary"]));
  });
}
