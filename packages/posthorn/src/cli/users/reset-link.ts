import type { Command } from "commander";
import { PosthornError } from "../../lib/errors.ts";
import { addClientFlags, call } from "../client.ts";
import { allUsers } from "./all.ts";
import { report, withJson } from "../help.ts";

/** `posthorn users reset-link`: prints a link with which a person who is locked out sets a new password. */
export function addUsersResetLinkCommand(users: Command): void {
  const command = users
    .command("reset-link")
    .description("print a link for a user to set a new password; it works once, for 24 hours")
    .argument("<email>", "email address or ID of the user")
    .option("--remove-second-factor", "also turn off the second factor, for users who lost their device");
  withJson(command, "ResetLinkOut");
  addClientFlags(command).action(async (email: string, options: Record<string, unknown>) => {
    const wanted = email.toLowerCase();
    const user = (await allUsers(options)).find((one) => one.email === wanted || one.id === email);
    if (user === undefined) throw new PosthornError("not_found", `There is no user with the email address ${email}.`);
    if (options["removeSecondFactor"] === true) {
      await call(options, "POST", `/api/v1/user/${user.id}/remove-second-factor`);
    }
    const created = await call(options, "POST", `/api/v1/user/${user.id}/reset-link`);
    report(options, created, String(created["url"]));
  });
}
