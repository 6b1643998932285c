import type { Command } from "commander";
import { addClientFlags, call } from "../client.ts";
import { print } from "../output.ts";
import { withJson } from "../help.ts";

/** `posthorn resume`: starts the deliveries that are paused since a restore. */
export function addResumeCommand(program: Command): void {
  const command = program
    .command("resume")
    .description("resume the deliveries of a server that was restored from a backup");
  withJson(command, "DeliveryPauseOut");
  addClientFlags(command)
    .option("--status", "only print whether deliveries are paused")
    .action(async (options: Record<string, unknown>) => {
      const [method, path] = options["status"] === true ? (["GET", ""] as const) : (["POST", "/resume"] as const);
      const state = await call(options, method, `/api/v1/delivery-pause${path}`);
      if (options["json"] === true) return print(JSON.stringify(state, null, 2));
      print(state["paused"] === true ? pausedText(state) : resumedText(options["status"] === true));
    });
}

function pausedText({ since, backupAt }: Readonly<Record<string, unknown>>): string {
  return `Deliveries are paused since ${String(since)}: the database was restored from a backup of ${String(backupAt)}.`;
}

function resumedText(isStatus: boolean): string {
  return isStatus ? "Deliveries are not paused." : "Deliveries have been resumed on all nodes.";
}
