import type { Command } from "commander";
import { addClientFlags } from "../client.ts";
import { printTable } from "../output.ts";
import { allUsers } from "./all.ts";
import { report, withJson } from "../help.ts";

/** `posthorn users list`: lists the people who can sign in. */
export function addUsersListCommand(users: Command): void {
  const command = withJson(users.command("list").description("list the users of the organisation"), {
    kind: "page",
    model: "UserOut",
  });
  addClientFlags(command).action(async (options: Record<string, unknown>) => {
    const listed = await allUsers(options);
    const rows = listed.map((user) => [
      user.id,
      user.email,
      user.role ?? `${user.applicationRoles.length} applications`,
      user.disabled ? "disabled" : "active",
      user.secondFactor ? "yes" : "no",
      user.lastSignInAt ?? "never",
      user.name,
    ]);
    report(options, { data: listed }, () =>
      printTable([["ID", "EMAIL", "ROLE", "STATE", "SECOND FACTOR", "LAST SIGN-IN", "NAME"], ...rows]),
    );
  });
}
