/**
 * Writes `docs/cli/`: an overview and a page for each command, from the definitions of the commands. With `--check` it writes nothing and fails
 * when a page is stale.
 */
import type { Argument, Command, Option } from "commander";
import {
  examplesOf,
  exitCodesOf,
  type JsonOutput,
  jsonOutputOf,
  reasonWithoutJson,
} from "../packages/posthorn/src/cli/help.ts";
import type { JsonSchema } from "../packages/posthorn/src/cli/json.ts";
import { flagOf, settings } from "../packages/posthorn/src/config/settings.ts";
import { buildProgram } from "../packages/posthorn/src/cli/program.ts";
import { cell, writePages } from "./kind-pages.ts";

const FOLDER = "docs/cli";
const NOTE = "<!-- Written by scripts/generate-cli-docs.ts from packages/posthorn/src/cli. Do not edit. -->";

/** Flags of commands that call a server. */
const CLIENT_FLAGS: ReadonlySet<string> = new Set(["--url", "--token", "--profile"]);

/** Flags of commands that open the data of a server. */
const SETTING_FLAGS: ReadonlySet<string> = new Set(Object.values(settings).map(({ name }) => flagOf(name)));

const program = await buildProgram("");
const commands = program.commands.toSorted((one, other) => one.name().localeCompare(other.name()));

function overview(): string {
  const rows = commands.map(
    (command) => `| [\`${command.name()}\`](${command.name()}.md) | ${cell(command.description())} |`,
  );
  return `# Command line

Work with a server from a terminal or a script. Every command has \`--help\`.

${NOTE}

\`\`\`sh
posthorn login --url https://hooks.example.com
posthorn listen 3000 --app acme
\`\`\`

## A session

A GitHub event is forwarded to a server on port 3977 (recorded with Posthorn 0.1.0):

\`\`\`console
$ posthorn sources list
ID                               KIND     STATE  NAME
src_3Mkb9mDzADHAwmfcUsZv2mYpQXT  webhook  –      GitHub
$ posthorn listen 3977 --source src_3Mkb9mDzADHAwmfcUsZv2mYpQXT --output compact &
20:22:51 connecting
20:22:51 connected to ep_3MkbApTehsz4R3iX3FwrEMqF0qY, lease 20 s
$ posthorn trigger github push --source src_3Mkb9mDzADHAwmfcUsZv2mYpQXT --secret s3cret --set ref=refs/heads/dev
200 OK
20:22:56 push msg_3MkbBNkO4Rjq1mPmnuCPH6ZFIPt POST → 204 No Content (553 ms)
$ posthorn trigger github push --source src_3Mkb9mDzADHAwmfcUsZv2mYpQXT --secret wrong
401 Unauthorized  {"code":"not_verified","detail":"The request failed verific…
posthorn: The event was not accepted.
$ posthorn trigger github push --to http://localhost:3000/hooks --secret s3cret --print > push.http
$ posthorn verify push.http --provider github --secret s3cret
Verified (hmac).
  event push, 585f5863-fe31-4f1a-98f8-7e955a61c835
$ posthorn verify push.http --provider github --secret "s3cret "
Not verified: The x-hub-signature-256 does not match: wrong secret, or the body was changed. (signature_mismatch)
  event push, 585f5863-fe31-4f1a-98f8-7e955a61c835
Cause:
  The secret has white space around it. Copy only the secret itself.
posthorn: The request does not verify.
\`\`\`

## Commands

| Command | What it does |
| --- | --- |
${rows.join("\n")}

## Prepared events

\`posthorn trigger\` has 136 events of 129 providers. Each event verifies with its provider's definition. A test checks the fields of the
events of GitHub, Linear, Paddle, Slack and Stripe against the types that these providers publish; those of Discord, LINE and Telegram
were compared with published types once, in November 2026. The others follow their providers' documentation, and are not checked
automatically: if a field matters to you, compare it with an event that you received, and replace the body with \`--data\`.

## Choose the server

Commands that call a server take its URL and token from the first of these that is set:

1. \`--url\` and \`--token\`
2. the profile that \`--profile\` names
3. \`POSTHORN_URL\` and \`POSTHORN_TOKEN\`
4. the profile that \`POSTHORN_PROFILE\` names
5. the current profile of [\`posthorn login\`](login.md)

Profiles are in \`$XDG_CONFIG_HOME/posthorn/config.json\`, by default in \`~/.config\`, which only you can read. The
token of a profile is sent to the server of that profile only.

## Use it in scripts

Results are on standard output, and notes on standard error. With \`--json\`, standard output is JSON and nothing else. The
page of each command has its schema: its fields, or the name of a schema in \`GET /api/v1/openapi.json\`. A test runs the commands and
validates what they print. Fields may be added; ignore those that you do not know.

The page of each command has its exit codes. These are the same everywhere:

| Exit code | Meaning |
| --- | --- |
| 2 | the command line is wrong |
| 130 | interrupted a second time while stopping |
`;
}

/** Examples that end by themselves and name nothing but the application of the guides. */
const RUN = /^posthorn (?:apps ls|endpoints ls|events ls|publish|replay .*--dry-run|trigger$)/;

/** Commands of other programs cannot be compared with our definitions: see scripts/snippets/rule.ts. */
function markOf(line: string): string {
  if (RUN.test(line)) return " run";
  return line.startsWith("posthorn ") ? "" : " skip=starts-another-program";
}

function page(command: Command): string {
  const parts = allOf(command, [command.name()]);
  const [first] = parts;
  const example = parts.flatMap(({ command: one }) => examplesOf(one)).slice(0, 1);
  const head = example.map(([line]) => `\`\`\`sh${markOf(line)}\n${line}\n\`\`\`\n\n`).join("");
  return `# posthorn ${command.name()}

${sentence(command.description())}

${NOTE}

${head}${parts.map((part) => section(part, part === first)).join("\n")}`;
}

interface Part {
  readonly command: Command;
  readonly path: readonly string[];
}

function allOf(command: Command, path: readonly string[]): readonly Part[] {
  return [{ command, path }, ...command.commands.flatMap((one) => allOf(one, [...path, one.name()]))];
}

function section({ command, path }: Part, isWhole: boolean): string {
  // A command group has no action of its own.
  if (command.commands.length > 0 && command.registeredArguments.length === 0) return "";
  const heading = isWhole ? "" : `## posthorn ${path.join(" ")}\n\n${sentence(command.description())}\n\n`;
  const usage = `\`\`\`text\nposthorn ${path.join(" ")} ${command.usage()}\n\`\`\`\n`;
  const has = (flags: ReadonlySet<string>): boolean => command.options.some(({ long }) => flags.has(long ?? ""));
  const options = command.options.filter(
    ({ long, hidden }) => !hidden && !CLIENT_FLAGS.has(long ?? "") && !SETTING_FLAGS.has(long ?? ""),
  );
  const isClient = has(CLIENT_FLAGS) && !has(SETTING_FLAGS);
  return [
    heading,
    usage,
    table("Argument", command.registeredArguments.map(argumentRow)),
    table("Option", options.map(optionRow)),
    isClient ? "\nThe [server](README.md#choose-the-server) is chosen with `--url`, `--token` or `--profile`.\n" : "",
    has(SETTING_FLAGS) ? "\nThe [settings](../configuration.md) of the server are options as well.\n" : "",
    jsonSection(command),
    exitCodes(command),
    examplesTable(command),
  ].join("");
}

function jsonSection(command: Command): string {
  const output = jsonOutputOf(command);
  if (output === null) return `\nIt does not print JSON: ${lowered(reasonWithoutJson(command) ?? "")}\n`;
  const option = ["--json", "--output"].find((flag) => command.options.some(({ long }) => long === flag));
  const flag = option === "--output" && command.name() === "listen" ? "`--output json` prints" : "`--json` prints";
  const subject = option === "--json" || command.name() === "listen" ? flag : "It prints";
  return `\n${subject} ${described(output)}\n`;
}

function described(output: JsonOutput): string {
  switch (output.kind) {
    case "model":
      return `\`${output.model}\`.`;
    case "models":
      return `${output.models.map((model) => `\`${model}\``).join(" or ")}.`;
    case "page":
      return `an object whose \`data\` is a list of \`${output.model}\`.`;
    case "list":
      return `a list of \`${output.model}\`.`;
    case "own":
      return `${output.schema["type"] === "array" ? "a list of objects" : "an object"}:\n${fieldTable(output.schema)}`;
    case "lines":
      return `one object on each line${fieldTable(output.schema) === "" ? `: ${String(output.schema["description"])}.` : `:\n${fieldTable(output.schema)}`}`;
  }
}

/** Fields of an object, or of the objects of a list, with those of inner objects. */
function fieldTable(schema: JsonSchema): string {
  const rows = fieldRows(schema, "");
  return rows.length === 0 ? "" : `\n| Field | Type | Description |\n| --- | --- | --- |\n${rows.join("\n")}\n`;
}

function fieldRows(schema: JsonSchema, prefix: string): readonly string[] {
  if (schema["type"] === "array") return fieldRows(schema["items"] as JsonSchema, prefix);
  const fields = Object.entries((schema["properties"] ?? {}) as Readonly<Record<string, JsonSchema>>);
  const required = new Set(schema["required"] as readonly string[] | undefined);
  return fields.flatMap(([name, field]) => {
    const isList = field["type"] === "array";
    const path = `${prefix}${name}${isList ? "[]" : ""}`;
    const optional = required.has(name) ? "" : ", optional";
    return [
      `| \`${path}\` | ${typeOf(field)}${optional} | ${cell((field as Shown).description ?? "")} |`,
      ...fieldRows(field, `${path}.`),
    ];
  });
}

/** Properties of a field that are shown. */
interface Shown {
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly const?: string | boolean;
  readonly description?: string;
}

function typeOf({ type, enum: values, const: only }: Shown): string {
  if (values !== undefined) return values.map((value) => `\`${value}\``).join(", ");
  if (only !== undefined) return `\`${String(only)}\``;
  return type === undefined ? "any" : [type].flat().join(" or ");
}

function exitCodes(command: Command): string {
  const rows = Object.entries(exitCodesOf(command)).map(([code, meaning]) => `| ${code} | ${cell(meaning)} |`);
  return `\n| Exit code | Meaning |\n| --- | --- |\n${rows.join("\n")}\n`;
}

function lowered(text: string): string {
  return `${text.slice(0, 1).toLowerCase()}${text.slice(1)}`;
}

function table(head: string, rows: readonly string[]): string {
  return rows.length === 0 ? "" : `\n| ${head} | Description |\n| --- | --- |\n${rows.join("\n")}\n`;
}

function argumentRow(argument: Argument): string {
  return `| \`${argument.name()}\`${argument.required ? "" : " (optional)"} | ${cell(argument.description)}${choices(argument.argChoices)} |`;
}

function optionRow({ flags, description, argChoices, mandatory, defaultValue }: Option): string {
  const value: unknown = defaultValue;
  const isShown = typeof value === "string" || typeof value === "number";
  const notes = `${choices(argChoices)}${mandatory ? " (required)" : ""}${isShown ? ` (default: \`${value}\`)` : ""}`;
  return `| \`${flags.replaceAll("|", "\\|")}\` | ${cell(description)}${notes} |`;
}

function choices(values: readonly string[] | undefined): string {
  return values === undefined ? "" : `: ${values.map((value) => `\`${value}\``).join(", ")}`;
}

function examplesTable(command: Command): string {
  const examples = examplesOf(command);
  if (examples.length === 0) return "";
  return `\n${examples
    .map(([line, effect]) => `\`${line}\`\n: ${effect}`)
    .map(asItem)
    .join("\n")}\n`;
}

function asItem(text: string): string {
  const [line, effect] = text.split("\n: ");
  return `- ${line}: ${effect}`;
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${cell(text.slice(1))}.`;
}

await writePages(
  FOLDER,
  NOTE,
  new Map([
    [`${FOLDER}/README.md`, overview()],
    ...commands.map((command) => [`${FOLDER}/${command.name()}.md`, page(command)] as const),
  ]),
);
