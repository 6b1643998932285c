import type { Command } from "commander";
import { addClientFlags, call } from "../client.ts";
import { withExamples, withJson } from "../help.ts";
import { print } from "../output.ts";
import { type Flags, pathOf } from "./api.ts";
import { show } from "./resources.ts";
import { age, integer, list } from "./values.ts";

/** `posthorn replay`: sends past events again, or counts what would be sent. */
export function addReplayCommand(program: Command): void {
  const command = withJson(
    program.command("replay").description("send past events of an application again"),
    "ReplayOut",
  )
    .requiredOption("--app <app>", "application (ID or uid), or ID of a source")
    .requiredOption("--since <age>", "events of this age, such as 15m, 2h or 3d", age)
    .option("--until <age>", "only events older than this", age)
    .option("--endpoint <endpoints>", "only to these endpoints (ID or uid), separated by commas", list)
    .option("--events <types>", "only these event types, separated by commas", list)
    .option("--failed", "only deliveries that failed")
    .option("--rate <count>", "most deliveries per second", integer(1, 10_000))
    .option("--reason <text>", "shown with the replay", "posthorn replay")
    .option("--dry-run", "only count what would be sent");
  withExamples(
    command,
    ["posthorn replay --app acme --since 1h --failed --dry-run", "counts the failed deliveries of the last hour"],
    ["posthorn replay --app acme --since 1h --failed --rate 10", "sends them again, ten per second"],
  );
  addClientFlags(command).action(async (flags: Flags) => {
    const now = Date.now();
    const ago = (ms: unknown): string => new Date(now - (ms as number)).toISOString();
    const plan = {
      since: ago(flags["since"]),
      ...(flags["until"] === undefined ? {} : { until: ago(flags["until"]) }),
      ...(flags["endpoint"] === undefined ? {} : { endpoints: flags["endpoint"] }),
      ...(flags["events"] === undefined ? {} : { eventTypes: flags["events"] }),
      ...(flags["failed"] === true ? { statuses: ["fail"] } : {}),
    };
    const path = pathOf("api", "v1", "app", String(flags["app"]), "replay");
    if (flags["dryRun"] === true) return show(flags, await call(flags, "POST", `${path}/dry-run`, plan));
    const { rate, reason } = flags;
    const body = { ...plan, reason, ...(rate === undefined ? {} : { ratePerSecond: rate }) };
    const replay = await call(flags, "POST", path, body);
    print(flags["json"] === true ? JSON.stringify(replay, null, 2) : `Started ${String(replay["id"])}.`);
  });
}
