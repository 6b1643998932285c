import type { Command } from "commander";
import { addClientFlags, call } from "../client.ts";

import { report, withJson } from "../help.ts";
import { DELETED } from "../json.ts";

/** `posthorn key revoke`: revokes a key; the next call with it is rejected. */
export function addKeyRevokeCommand(key: Command): void {
  const command = withJson(key.command("revoke").description("revoke an API key"), {
    kind: "own",
    schema: DELETED,
  }).argument("<id>", "ID of the key (key_…)");
  addClientFlags(command).action(async (id: string, options: Record<string, unknown>) => {
    await call(options, "DELETE", `/api/v1/auth/api-key/${encodeURIComponent(id)}`);
    report(options, { id, deleted: true }, `Revoked ${id}.`);
  });
}
