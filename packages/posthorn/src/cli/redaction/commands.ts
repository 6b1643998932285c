/** `posthorn redaction`: rules that redact values of payloads before they are stored. */
import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { addClientFlags, call } from "../client.ts";
import { onOneLine, printNote, printTable } from "../output.ts";
import { report, withJson } from "../help.ts";
import { DELETED } from "../json.ts";

const RULES = "/api/v1/redaction-rule";

interface ListedRule {
  readonly id: string;
  readonly appId: string | null;
  readonly sourceId: string | null;
  readonly path: string | null;
  readonly pattern: string | null;
  readonly action: string;
  readonly eventTypes: readonly string[] | null;
  readonly disabled: boolean;
  readonly description: string;
}

type Options = Readonly<Record<string, unknown>>;

export function addRedactionCommands(program: Command): void {
  const redaction = program.command("redaction").description("rules that redact values of payloads before storage");
  addList(redaction);
  addAdd(redaction);
  addRemove(redaction);
  addTry(redaction);
}

function addList(redaction: Command): void {
  const command = withJson(redaction.command("list").description("list the rules, newest first"), {
    kind: "page",
    model: "RedactionRuleOut",
  });
  withScope(command, "only rules that apply to");
  addClientFlags(command).action(async (options: Options) => {
    const rules = await allRules(options);
    const rows = rules.map((rule) => [
      rule.id,
      rule.action,
      onOneLine(rule.path ?? `/${rule.pattern ?? ""}/`),
      rule.appId ?? rule.sourceId ?? "all",
      rule.eventTypes?.join(",") ?? "all",
      rule.disabled ? "disabled" : "active",
      onOneLine(rule.description),
    ]);
    report(options, { data: rules }, () =>
      printTable([["ID", "ACTION", "VALUES", "APPLICATION", "EVENT TYPES", "STATE", "DESCRIPTION"], ...rows]),
    );
  });
}

async function allRules(options: Options): Promise<readonly ListedRule[]> {
  const query = new URLSearchParams({ limit: "250" });
  if (typeof options["app"] === "string") query.set("app_id", options["app"]);
  if (typeof options["source"] === "string") query.set("source_id", options["source"]);
  const rules: ListedRule[] = [];
  for (;;) {
    const page = await call(options, "GET", `${RULES}?${query.toString()}`);
    rules.push(...(page["data"] as ListedRule[]));
    if (page["done"] === true) return rules;
    query.set("iterator", page["iterator"] as string);
  }
}

function addAdd(redaction: Command): void {
  const command = redaction.command("add").description("add a rule for messages accepted from now on");
  withRule(command)
    .option("--keep-exact <seconds>", "keep the exact body, encrypted, after the last delivery, for resends", Number)
    .option("--description <text>", "shown in the list");
  withJson(command, "RedactionRuleOut");
  withScope(command, "limit the rule to");
  addClientFlags(command).action(async (options: Options) => {
    const { keepExact, description } = options;
    const created = await call(options, "POST", RULES, {
      ...ruleOf(options),
      ...(keepExact === undefined ? {} : { keepExactSeconds: keepExact }),
      ...(description === undefined ? {} : { description }),
      ...scopeOf(options),
    });
    report(options, created, String(created["id"]));
  });
}

function addRemove(redaction: Command): void {
  const command = redaction
    .command("remove")
    .description("delete a rule; messages accepted earlier stay redacted")
    .argument("<id>", "ID of the rule");
  withJson(command, { kind: "own", schema: DELETED });
  addClientFlags(command).action(async (id: string, options: Options) => {
    await call(options, "DELETE", `${RULES}/${encodeURIComponent(id)}`);
    report(options, { id, deleted: true }, `Deleted ${id}.`);
  });
}

function addTry(redaction: Command): void {
  const command = redaction
    .command("try")
    .description(
      "show how a sample body would be stored: with --path or --pattern by this rule, otherwise by the stored rules",
    )
    .argument("[file]", "file with the body; without it, standard input");
  withRule(command).option("--content-type <type>", "content type of the body", "application/json");
  withJson(command, "RedactionTryOut");
  withScope(command, "as a message of");
  addClientFlags(command).action(async (file: string | undefined, options: Options) => {
    const payload = file === undefined ? await readInput() : await readFile(file, "utf8");
    const { path, pattern, contentType, eventType } = options as Options & { readonly eventType?: readonly string[] };
    const isGiven = path !== undefined || pattern !== undefined;
    const tried = await call(options, "POST", "/api/v1/redaction/try", {
      payload,
      contentType,
      ...(eventType === undefined ? {} : { eventType: eventType[0] }),
      ...(isGiven ? { rules: [ruleOf(options)] } : {}),
      ...scopeOf(options),
    });
    report(options, tried, String(tried["payload"]));
    const whole = tried["whole"] === true ? ", because a rule cannot be applied to this body" : "";
    printNote(`${String(tried["parts"])} parts redacted${whole}.`);
  });
}

function withRule(command: Command): Command {
  return command
    .option("--path <path>", "JSON path of the values, such as $.customer.email")
    .option("--pattern <pattern>", "regular expression (RE2) for texts, instead of --path")
    .option("--action <action>", "mask, or hash to keep equal values equal", "mask")
    .option("--event-type <name...>", "only messages of these event types");
}

function withScope(command: Command, what: string): void {
  command
    .option("--app <id>", `${what} this application (ID or uid)`)
    .option("--source <id>", `${what} this source (ID or uid)`);
}

function ruleOf({ path, pattern, action, eventType }: Options): object {
  return {
    action,
    ...(path === undefined ? {} : { path }),
    ...(pattern === undefined ? {} : { pattern }),
    ...(eventType === undefined ? {} : { eventTypes: eventType }),
  };
}

function scopeOf({ app, source }: Options): object {
  return { ...(app === undefined ? {} : { appId: app }), ...(source === undefined ? {} : { sourceId: source }) };
}

async function readInput(): Promise<string> {
  let text = "";
  for await (const chunk of process.stdin) text += String(chunk);
  return text;
}
