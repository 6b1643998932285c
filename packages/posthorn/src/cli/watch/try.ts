import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { type Command, InvalidArgumentError } from "commander";
import { PosthornError } from "../../lib/errors.ts";
import { addClientFlags, call } from "../client.ts";
import { print, printTable } from "../output.ts";
import { shownKey, shownValue } from "./shown.ts";
import { withJson } from "../help.ts";

interface DryRun {
  readonly messages: number;
  readonly samples: number;
  readonly unreadable: number;
  readonly from: string | null;
  readonly to: string | null;
  readonly partial: boolean;
  readonly transitions: readonly {
    readonly key: string;
    readonly phase: string;
    readonly at: string;
    readonly value: unknown;
    readonly messageId: string | null;
  }[];
  readonly keys: readonly { readonly key: string; readonly phase: string; readonly value: unknown }[];
}

const HELP = `
RULE is a file with the rule as JSON, or - for standard input. Instead of it, --watch takes the rule and the event types of a watch.
Nothing is stored or published. The exit code is 0 whether or not there are transitions.

Examples:
  $ posthorn watch try plant freezer.json --limit 1000
  $ echo '{"read": {"value": "$.t"}, "when": {"above": 80}}' | posthorn watch try src_2yZ… -
  $ posthorn watch try plant --watch freezer --since 2026-03-01T00:00:00Z --json`;

/** `posthorn watch try`: evaluates a rule on stored messages and prints the transitions. */
export function addWatchTryCommand(watch: Command): void {
  const command = watch
    .command("try")
    .description("evaluate a rule on stored messages and print its transitions")
    .argument("<app>", "application (ID or uid), or ID of a source")
    .argument("[rule]", "file with the rule as JSON; - reads standard input")
    .option("--watch <watch>", "take the rule and the event types of this watch (ID or uid)")
    .option("--type <names...>", "evaluate only messages with these event types")
    .option("--limit <messages>", "newest messages to evaluate, up to 5000 (default: 500)", positive)
    .option("--since <time>", "evaluate only messages since this time, such as 2026-03-01T00:00:00Z")
    .addHelpText("after", HELP);
  withJson(command, "WatchDryRunOut");
  addClientFlags(command).action(async (app: string, file: string | undefined, options: Record<string, unknown>) => {
    const path = `/api/v1/app/${encodeURIComponent(app)}/watch`;
    const { rule, eventTypes } = await ruleOf(path, file, options);
    const body = {
      rule,
      eventTypes: options["type"] ?? eventTypes,
      ...(options["limit"] === undefined ? {} : { limit: options["limit"] }),
      ...(options["since"] === undefined ? {} : { since: options["since"] }),
    };
    const result = await call(options, "POST", `${path}/dry-run`, body);
    if (options["json"] === true) print(JSON.stringify(result, null, 2));
    else show(result as unknown as DryRun);
  });
}

function positive(value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError("A whole number above 0.");
}

interface GivenRule {
  readonly rule: unknown;
  readonly eventTypes: unknown;
}

async function ruleOf(path: string, file: string | undefined, options: Record<string, unknown>): Promise<GivenRule> {
  const watch = options["watch"] as string | undefined;
  if ((file === undefined) === (watch === undefined)) {
    throw new PosthornError("bad_request", "Give either a file with the rule, or --watch with the ID of a watch.");
  }
  if (watch !== undefined) {
    const { rule, eventTypes } = await call(options, "GET", `${path}/${encodeURIComponent(watch)}`);
    return { rule, eventTypes };
  }
  return { rule: parsed(file!, await contentOf(file!)), eventTypes: null };
}

async function contentOf(file: string): Promise<string> {
  try {
    return file === "-" ? await text(process.stdin) : await readFile(file, "utf8");
  } catch (cause) {
    throw new PosthornError("bad_request", `Cannot read the rule: ${(cause as Error).message}`, { cause });
  }
}

function parsed(file: string, json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    const name = file === "-" ? "Standard input" : file;
    throw new PosthornError("bad_request", `${name} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

function show({ messages, samples, unreadable, from, to, partial, transitions, keys }: DryRun): void {
  const span = from === null || to === null ? "" : ` from ${from} to ${to}`;
  const counts = [counted(messages, "message"), counted(samples, "sample"), `${unreadable} unreadable`];
  print(`${counts.join(", ")}${span}.`);
  if (partial) print("The dry run ended early: it evaluates messages for up to 2 seconds and 32 MiB.");
  if (transitions.length === 0) {
    print("\nNo transitions.");
  } else {
    print("");
    printTable([
      ["TIME", "KEY", "TRANSITION", "VALUE", "MESSAGE"],
      ...transitions.map(({ key, phase, at, value, messageId }) => [
        at,
        shownKey(key),
        phase,
        shownValue(value),
        messageId ?? "timer",
      ]),
    ]);
  }
  const phases = ["raised", "clearing", "pending", "clear"].flatMap((phase) => {
    const count = keys.filter((key) => key.phase === phase).length;
    return count === 0 ? [] : [`${count} ${phase}`];
  });
  const summary = phases.length === 0 ? "no key" : phases.join(", ");
  print(`\n${counted(transitions.length, "transition")}. At the end: ${summary}.`);
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
