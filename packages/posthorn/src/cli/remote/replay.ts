import type { Command } from "commander";
import { PosthornError } from "../../lib/errors.ts";
import { addClientFlags, call } from "../client.ts";
import { withExamples, withJson } from "../help.ts";
import { jsonText, print } from "../output.ts";
import { type Flags, pathOf } from "./api.ts";
import { show } from "./resources.ts";
import { age, integer, list } from "./values.ts";

/** `posthorn replay`: sends past events of one or all applications again, or counts what would be sent. */
export function addReplayCommand(program: Command): void {
  const command = withJson(
    program.command("replay").description("send past events again, of one application or of all"),
    { kind: "models", models: ["ReplayOut", "ReplayPlanOut", "AcrossPlanOut"] },
  )
    .option("--app <app>", "application (ID or uid), or ID of a source")
    .option("--all", "failed deliveries of all applications")
    .requiredOption("--since <age>", "events of this age, such as 15m, 2h or 3d", age)
    .option("--until <age>", "only events older than this", age)
    .option("--endpoint <endpoints>", "only to these endpoints (ID or uid), separated by commas", list)
    .option("--events <types>", "only these event types, separated by commas", list)
    .option("--host <hosts>", "with --all: only endpoints of these hosts, separated by commas", list)
    .option("--cause <causes>", "with --all: only deliveries that failed with these, such as 502,timeout", list)
    .option("--failed", "only deliveries that failed")
    .option("--rate <count>", "most deliveries per second", integer(1, 10_000))
    .option("--reason <text>", "shown with the replay", "posthorn replay")
    .option("--dry-run", "only count what would be sent");
  withExamples(
    command,
    ["posthorn replay --app acme --since 1h --failed --dry-run", "counts the failed deliveries of the last hour"],
    ["posthorn replay --app acme --since 1h --failed --rate 10", "sends them again, ten per second"],
    [
      "posthorn replay --all --since 3h --host hooks.acme.com --cause 502,timeout --dry-run",
      "counts the failures at one host, across all applications",
    ],
  );
  addClientFlags(command).action(async (flags: Flags) => {
    const now = Date.now();
    const ago = (ms: unknown): string => new Date(now - (ms as number)).toISOString();
    const plan = {
      since: ago(flags["since"]),
      ...(flags["until"] === undefined ? {} : { until: ago(flags["until"]) }),
      ...(flags["events"] === undefined ? {} : { eventTypes: flags["events"] }),
      ...(flags["failed"] === true ? { statuses: ["fail"] } : {}),
    };
    Object.assign(plan, selectionOf(flags));
    const path =
      flags["all"] === true
        ? pathOf("api", "v1", "replay")
        : pathOf("api", "v1", "app", String(flags["app"]), "replay");
    if (flags["dryRun"] === true) return show(flags, await call(flags, "POST", `${path}/dry-run`, plan));
    const { rate, reason } = flags;
    const body = { ...plan, reason, ...(rate === undefined ? {} : { ratePerSecond: rate }) };
    const replay = await call(flags, "POST", path, body);
    print(flags["json"] === true ? jsonText(replay, 2) : `Started ${String(replay["id"])}.`);
  });
}

/** Options that are only for one application, or only for all. */
function selectionOf({ all, app, endpoint, host, cause }: Flags): object {
  if ((app === undefined) === (all === undefined)) throw usageError("Name an application with --app, or use --all.");
  if (all === true) {
    if (endpoint !== undefined) throw usageError("--endpoint needs --app: with --all, use --host.");
    return { ...(host === undefined ? {} : { hosts: host }), ...(cause === undefined ? {} : { causes: cause }) };
  }
  if (host !== undefined || cause !== undefined) throw usageError("--host and --cause need --all.");
  return endpoint === undefined ? {} : { endpoints: endpoint };
}

function usageError(message: string): PosthornError {
  return new PosthornError("bad_request", message);
}
