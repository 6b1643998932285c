/** `posthorn apps`, `endpoints` and `sources`: list, get, create and delete. */
import type { Command } from "commander";
import { PosthornError } from "../../lib/errors.ts";
import { addClientFlags, call } from "../client.ts";
import { report, withExamples, withJson } from "../help.ts";
import { jsonText, onOneLine, print, printTable } from "../output.ts";
import { cell, type Flags, listRows, pathOf, type Row } from "./api.ts";
import { integer, list } from "./values.ts";
import { DELETED } from "../json.ts";

interface Resource {
  /** In the singular. */
  readonly noun: string;
  /** Name of the group. */
  readonly group: string;
  readonly idName: string;
  readonly columns: readonly (readonly [head: string, field: string])[];
  /** Schema of one resource. */
  readonly model: string;
  /** Whether the resources belong to an application. */
  readonly ofApp: boolean;
  path(flags: Flags): string;
}

const appOf = (flags: Flags): string => String(flags["app"]);

const APPS: Resource = {
  noun: "application",
  group: "apps",
  idName: "app",
  columns: [
    ["ID", "id"],
    ["UID", "uid"],
    ["NAME", "name"],
  ],
  model: "ApplicationOut",
  ofApp: false,
  path: () => "/api/v1/app",
};

const ENDPOINTS: Resource = {
  noun: "endpoint",
  group: "endpoints",
  idName: "endpoint",
  columns: [
    ["ID", "id"],
    ["UID", "uid"],
    ["DISABLED", "disabled"],
    ["TARGET", "url"],
  ],
  model: "EndpointOut",
  ofApp: true,
  path: (flags) => pathOf("api", "v1", "app", appOf(flags), "endpoint"),
};

const SOURCES: Resource = {
  noun: "source",
  group: "sources",
  idName: "source",
  columns: [],
  model: "IngestSourceOut",
  ofApp: false,
  path: () => "/ingest/api/v1/source",
};

export function addAppsCommands(program: Command): void {
  const group = program.command("apps").description("applications: the customers that you send webhooks to");
  addList(group, APPS, ["posthorn apps ls", "lists applications"]);
  addGet(group, APPS, ["posthorn apps get acme --json", "prints an application as JSON"]);
  const create = withJson(group.command("create").description("create an application"), APPS.model)
    .argument("<name>")
    .option("--uid <uid>", "your own ID for it");
  withExamples(create, ["posthorn apps create 'Acme Inc.' --uid acme", "creates an application with your own ID"]);
  addClientFlags(create).action(async (name: string, flags: Flags) => {
    show(
      flags,
      await call(flags, "POST", APPS.path(flags), {
        name,
        ...(flags["uid"] === undefined ? {} : { uid: flags["uid"] }),
      }),
    );
  });
  addRemove(group, APPS, ["posthorn apps rm acme --yes", "deletes an application with its endpoints and messages"]);
}

export function addEndpointsCommands(program: Command): void {
  const group = program.command("endpoints").description("URLs and other destinations that receive events");
  addList(group, ENDPOINTS, ["posthorn endpoints ls --app acme", "lists the endpoints of an application"]);
  addGet(group, ENDPOINTS, ["posthorn endpoints get ep_2x… --app acme", "shows an endpoint"]);
  const create = withJson(group.command("create").description("create an endpoint"), ENDPOINTS.model)
    .argument("<url>")
    .requiredOption("--app <app>", "application (ID or uid)")
    .option("--uid <uid>", "your own ID for it")
    .option("--events <types>", "only these event types, separated by commas", list);
  withExamples(create, [
    "posthorn endpoints create https://example.com/hooks --app acme --events invoice.paid",
    "creates an endpoint that receives one type of event",
  ]);
  addClientFlags(create).action(async (url: string, flags: Flags) => {
    const { uid, events } = flags;
    const body = {
      url,
      ...(uid === undefined ? {} : { uid }),
      ...(events === undefined ? {} : { eventTypes: events }),
    };
    show(flags, await call(flags, "POST", ENDPOINTS.path(flags), body));
  });
  addRemove(group, ENDPOINTS, ["posthorn endpoints rm ep_2x… --app acme --yes", "deletes an endpoint"]);
}

/** Adds commands to the group `sources`, which has others. */
export function addSourceResourceCommands(group: Command): void {
  addGet(group, SOURCES, ["posthorn sources get src_2x…", "shows a source with its URL"]);
  const create = withJson(group.command("create").description("create a source"), SOURCES.model)
    .argument("<name>")
    .requiredOption("--type <provider>", "provider, such as stripe or github")
    .option("--secret <secret>", "secret that the provider signs with");
  withExamples(create, [
    "posthorn sources create Stripe --type stripe --secret whsec_…",
    "creates a source, and prints the URL to enter at the provider",
  ]);
  addClientFlags(create).action(async (name: string, flags: Flags) => {
    const { type, secret } = flags;
    const body = { name, type, ...(secret === undefined ? {} : { secrets: [secret] }) };
    show(flags, await call(flags, "POST", SOURCES.path(flags), body));
  });
  addRemove(group, SOURCES, ["posthorn sources rm src_2x… --yes", "deletes a source with its events"]);
}

type OneExample = readonly [line: string, effect: string];

function scoped(command: Command, { ofApp }: Resource): Command {
  return ofApp ? command.requiredOption("--app <app>", "application (ID or uid)") : command;
}

function addList(group: Command, resource: Resource, example: OneExample): void {
  const command = withJson(group.command("ls").description(`list ${resource.noun}s`), {
    kind: "page",
    model: resource.model,
  }).option("--limit <count>", "maximum number of rows", integer(1, 100_000), 1000);
  withExamples(scoped(command, resource), example);
  addClientFlags(command).action(async (flags: Flags) => {
    const rows = await listRows(flags, `${resource.path(flags)}?`, flags["limit"] as number);
    if (flags["json"] === true) return print(jsonText({ data: rows }, 2));
    printTable([
      resource.columns.map(([head]) => head),
      ...rows.map((row) => resource.columns.map(([, field]) => onOneLine(cell(row[field])))),
    ]);
  });
}

function addGet(group: Command, resource: Resource, example: OneExample): void {
  const command = withJson(group.command("get").description(`show one ${resource.noun}`), resource.model).argument(
    `<${resource.idName}>`,
    "ID or uid",
  );
  withExamples(scoped(command, resource), example);
  addClientFlags(command).action(async (id: string, flags: Flags) => {
    show(flags, await call(flags, "GET", `${resource.path(flags)}${pathOf(id)}`));
  });
}

function addRemove(group: Command, resource: Resource, example: OneExample): void {
  const command = withJson(group.command("rm").description(`delete one ${resource.noun}`), {
    kind: "own",
    schema: DELETED,
  })
    .argument(`<${resource.idName}>`, "ID or uid")
    .option("--yes", "delete: this cannot be undone");
  withExamples(scoped(command, resource), example);
  addClientFlags(command).action(async (id: string, flags: Flags) => {
    if (flags["yes"] !== true)
      throw new PosthornError("bad_request", `Add --yes to delete the ${resource.noun} ${id}. This cannot be undone.`);
    await call(flags, "DELETE", `${resource.path(flags)}${pathOf(id)}`);
    report(flags, { id, deleted: true }, `Deleted ${id}.`);
  });
}

/** Prints a resource: its fields as lines, or JSON. */
export function show(flags: Flags, row: Row): void {
  if (flags["json"] === true) return print(jsonText(row, 2));
  const fields = Object.entries(row).filter(([, value]) => value !== null && value !== undefined);
  const width = Math.max(0, ...fields.map(([name]) => name.length));
  for (const [name, value] of fields) print(`${name.padEnd(width)}  ${cell(value).replaceAll(/\p{C}/gu, "·")}`);
}
