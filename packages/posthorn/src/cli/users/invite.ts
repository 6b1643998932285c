import type { Command } from "commander";
import { ROLES } from "../../domain/role.ts";
import { addClientFlags, call } from "../client.ts";

import { report, withJson } from "../help.ts";

/** `posthorn users invite`: prints a link with which a person creates their account, once. */
export function addUsersInviteCommand(users: Command): void {
  const command = users
    .command("invite")
    .description("invite a person; prints a link that works once, for 7 days")
    .argument("<email>", "email address of the person")
    .option("--role <role>", `role of the person: ${ROLES.join(", ")}`, "developer")
    .option("--app <id>", "limit the role to this application");
  withJson(command, "InvitationCreated");
  addClientFlags(command).action(async (email: string, options: Record<string, unknown>) => {
    const { role, app } = options;
    const body = { email, role, ...(app === undefined ? {} : { app }) };
    const created = await call(options, "POST", "/api/v1/invitation", body);
    report(options, created, String(created["url"]));
  });
}
