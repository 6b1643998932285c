import type { Command } from "commander";
import { addClientFlags } from "../client.ts";
import { printTable } from "../output.ts";
import { allUsers } from "./all.ts";

/** `posthorn users list`: lists the people who can sign in. */
export function addUsersListCommand(users: Command): void {
  const command = users.command("list").description("list the users of the organisation");
  addClientFlags(command).action(async (options: Record<string, unknown>) => {
    const rows = (await allUsers(options)).map((user) => [
      user.id,
      user.email,
      user.role ?? `${user.applicationRoles.length} applications`,
      user.disabled ? "disabled" : "active",
      user.secondFactor ? "yes" : "no",
      user.lastSignInAt ?? "never",
      user.name,
    ]);
    printTable([["ID", "EMAIL", "ROLE", "STATE", "SECOND FACTOR", "LAST SIGN-IN", "NAME"], ...rows]);
  });
}
