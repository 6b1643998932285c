import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { findProvider } from "@posthorn/webhooks/providers";
import type { ProviderDefinition } from "@posthorn/webhooks/provider";
import { WebhookError, type WebhookRequest } from "@posthorn/webhooks";
import { signProvider, type SignProviderOptions } from "@posthorn/webhooks/testing";
import { PosthornError } from "../../lib/errors.ts";
import { addClientFlags, call } from "../client.ts";
import { CommandEnd } from "../exit.ts";
import { report, withExamples, withExitCodes, withJson } from "../help.ts";
import { onOneLine, print, printTable } from "../output.ts";
import { type Flags, pathOf } from "../remote/api.ts";
import { textOf } from "../remote/values.ts";
import { TRIGGERED } from "../json.ts";
import { allEvents, eventsOf } from "../../ingest/prepared-events/index.ts";
import { type Fixture, textOfFixture, Values } from "../../ingest/prepared-events/values.ts";

/** `posthorn trigger`: sends an event as a provider would, with its signature. */
export function addTriggerCommand(program: Command): void {
  const command = program
    .command("trigger")
    .description("send an event as a provider would, with the provider's signature")
    .argument("[provider]", "such as stripe; without it, the events with a prepared body are listed")
    .argument("[event]", "such as invoice.paid")
    .option("--source <source>", "source (ID or uid) that receives it")
    .option("--to <url>", "URL that receives it, instead of a source")
    .option("--secret <secret>", "secret to sign with, as the provider shows it; - for standard input")
    .option("--private-key <file>", "private key in PEM, for providers that sign with a key pair")
    .option("--config <name=value>", "a setting of the provider that its signature covers; may be repeated", pair, [])
    .option("--set <path=value>", "change a field of the body, such as data.object.amount=1250", setting, [])
    .option("--data <json>", "body to send instead: JSON, or @ and the name of a file; works for every provider")
    .option("--print", "print the request instead of sending it");
  withJson(command, { kind: "own", schema: TRIGGERED });
  withExitCodes(command, { 0: "the event was accepted", 1: "it was not accepted, or could not be sent" });
  withExamples(
    command,
    ["posthorn trigger", "lists the events with a prepared body"],
    ["posthorn trigger stripe invoice.paid --source src_2x… --secret whsec_…", "sends a signed event to a source"],
    [
      "posthorn trigger github push --to http://localhost:3000/hooks --secret s3cret --set ref=refs/heads/dev",
      "sends a changed event to your server",
    ],
    ["posthorn trigger hubspot --data @event.json --to http://localhost:3000 --secret s3cret", "signs your own body"],
  );
  addClientFlags(command).action(async (provider: string | undefined, event: string | undefined, flags: Flags) => {
    if (provider === undefined) return listFixtures(flags);
    const definition = findProvider(provider);
    if (definition === undefined)
      throw new PosthornError(
        "not_found",
        `There is no provider "${provider}". The page "Providers" of the documentation lists them.`,
      );
    // Read once: standard input has no second copy.
    const data = flags["data"] as string | undefined;
    const given = data === undefined ? null : textOf(data);
    const fixture = given === null ? await fixtureOf(definition.id, event) : bodyOf(given);
    for (const [path, value] of flags["set"] as readonly Setting[]) assign(fixture.body, path, value);
    const url = await targetOf(flags);
    const secret = flags["secret"] === undefined ? "" : textOf(flags["secret"] as string).trim();
    const text = given !== null && (flags["set"] as readonly Setting[]).length === 0 ? given : textOfFixture(fixture);
    const request = await signed(definition, {
      url,
      secret,
      headers: fixture.headers,
      body: text,
      ...keyOf(flags["privateKey"] as string | undefined),
      // Several providers sign the URL that they were given.
      config: { ...urlConfigOf(definition, url), ...Object.fromEntries(flags["config"] as readonly Pair[]) },
    });
    const headers = request.headers as Readonly<Record<string, string>>;
    const { url: target, body } = request;
    if (flags["print"] === true) return printRequest(target, headers, body);
    await send(flags, { url: target, headers, body });
  });
}

/** Signs with the strongest scheme of the provider that the secret is for. */
async function signed(definition: ProviderDefinition, options: SignProviderOptions): Promise<WebhookRequest> {
  let problem = "The provider has no scheme.";
  for (const { name } of definition.schemes) {
    try {
      return await signProvider(definition, { ...options, ...(name === undefined ? {} : { scheme: name }) });
    } catch (error) {
      if (!(error instanceof WebhookError)) throw error;
      problem = error.message;
    }
  }
  throw new PosthornError("bad_request", `${definition.name} cannot be imitated with this secret. ${problem}`);
}

async function listFixtures(flags: Flags): Promise<void> {
  const all = Object.entries(await allEvents()).toSorted(([one], [other]) => (one < other ? -1 : 1));
  const events = all.flatMap(([provider, names]) => Object.keys(names).map((event) => ({ provider, event })));
  report(flags, { events }, () =>
    printTable([["PROVIDER", "EVENT"], ...events.map(({ provider, event }) => [provider, event])]),
  );
}

function bodyOf(text: string): Fixture {
  try {
    const body = JSON.parse(text) as Record<string, unknown>;
    return { headers: { "content-type": "application/json" }, body };
  } catch (cause) {
    throw new PosthornError("bad_request", `--data is not JSON: ${String(cause)}`, { cause });
  }
}

async function fixtureOf(provider: string, event: string | undefined): Promise<Fixture> {
  const known = await eventsOf(provider);
  const make = event === undefined ? undefined : known?.[event];
  if (make !== undefined) return make(new Values(new Date()));
  const names = known === null ? "" : ` Prepared events of ${provider}: ${Object.keys(known).join(", ")}.`;
  throw new PosthornError(
    "bad_request",
    `There is no prepared event "${event ?? ""}" of ${provider}.${names} Give a body with --data.`,
  );
}

type Setting = readonly [path: readonly string[], value: unknown];

/** A value that is valid JSON is used as JSON, and any other as text. */
function setting(text: string, earlier: readonly Setting[]): readonly Setting[] {
  const mark = text.indexOf("=");
  if (mark <= 0) throw new PosthornError("bad_request", `"${text}" is not of the form path=value.`);
  const value = text.slice(mark + 1);
  return [...earlier, [text.slice(0, mark).split("."), parsed(value)]];
}

function parsed(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

type Pair = readonly [name: string, value: string];

function pair(text: string, earlier: readonly Pair[]): readonly Pair[] {
  const mark = text.indexOf("=");
  if (mark <= 0) throw new PosthornError("bad_request", `"${text}" is not of the form name=value.`);
  return [...earlier, [text.slice(0, mark), text.slice(mark + 1)]];
}

function keyOf(file: string | undefined): Pick<SignProviderOptions, "privateKey"> {
  return file === undefined ? {} : { privateKey: readFileSync(file, "utf8") };
}

/** Settings of the provider that are the URL of the receiver. */
function urlConfigOf({ config = {} }: ProviderDefinition, url: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.keys(config).flatMap((name) => (/url$/i.test(name) ? [[name, url]] : [])));
}

function assign(body: Fixture["body"], path: readonly string[], value: unknown): void {
  if (typeof body === "string")
    throw new PosthornError("bad_request", "The body of this event is XML, which --set cannot change. Use --data.");
  let place = body as Record<string, unknown>;
  for (const name of path.slice(0, -1)) {
    if (!Object.hasOwn(place, name) || typeof place[name] !== "object" || place[name] === null)
      throw new PosthornError(
        "bad_request",
        `The body has no object at ${path.slice(0, path.indexOf(name) + 1).join(".")}.`,
      );
    place = place[name] as Record<string, unknown>;
  }
  Object.defineProperty(place, path.at(-1)!, { value, enumerable: true, configurable: true, writable: true });
}

async function targetOf(flags: Flags): Promise<string> {
  const { to, source } = flags;
  if ((to === undefined) === (source === undefined))
    throw new PosthornError("bad_request", "Name a source with --source, or a URL with --to.");
  if (to !== undefined) return to as string;
  const found = await call(flags, "GET", pathOf("ingest", "api", "v1", "source", source as string));
  return String(found["ingestUrl"]);
}

interface Sent {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

async function send(flags: Flags, { url, headers, body }: Sent): Promise<void> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers,
      body: Buffer.from(body),
      redirect: "manual",
      signal: AbortSignal.timeout(30_000),
    });
  } catch (cause) {
    throw new PosthornError("bad_request", `No server responds at ${new URL(url).origin}.`, { cause });
  }
  const text = (await response.text()).slice(0, 1000);
  report(
    flags,
    { status: response.status, body: text },
    `${response.status} ${response.statusText}${text === "" ? "" : `  ${onOneLine(text)}`}`,
  );
  if (!response.ok) throw new CommandEnd(1, "The event was not accepted.");
}

/** Writes the body byte for byte, so that `posthorn verify` accepts what was saved. A terminal gets a line break after it. */
function printRequest(url: string, headers: Readonly<Record<string, string>>, body: Uint8Array): void {
  const { host, pathname, search } = new URL(url);
  print(`POST ${pathname}${search} HTTP/1.1\nhost: ${host}`);
  for (const [name, value] of Object.entries(headers)) print(`${name}: ${value}`);
  print("");
  process.stdout.write(body);
  if (process.stdout.isTTY) print("");
}
