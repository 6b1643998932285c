import { randomUUID } from "node:crypto";
import { hostname, userInfo } from "node:os";
import { type Command, InvalidArgumentError, Option } from "commander";
import { SHARE_MODES } from "../../destinations/kinds/relay.ts";
import { readToolEnvironment } from "../../config/env.ts";
import { MAX_RELAY_WINDOW } from "../../relay/frames.ts";
import { PosthornError } from "../../lib/errors.ts";
import { addClientFlags, call, type Connection, connectionOf } from "../client.ts";
import { printNote } from "../output.ts";
import { CommandEnd } from "../exit.ts";
import { withExamples, withExitCodes, withJsonOutput } from "../help.ts";
import { age, integer, jsonOf } from "../remote/values.ts";
import { forwardTo, type Local, runFor } from "./local.ts";
import { signatureWarning } from "./stale-signature.ts";
import { listen, type ListenEnd, type ListenView } from "./session.ts";
import { Tui } from "./tui.ts";
import { compactView, jsonView, quietView } from "./views.ts";
import { LISTEN_LINE } from "../json.ts";

interface ListenFlags extends Record<string, unknown> {
  readonly app?: string;
  readonly source?: string;
  readonly name?: string;
  readonly share: keyof typeof SHARE_MODES;
  readonly takeOver?: boolean;
  readonly events?: string;
  readonly filter?: string;
  readonly since?: number;
  readonly backlog?: number | null;
  readonly output?: "tui" | "compact" | "json" | "quiet";
  readonly exec?: string;
  readonly header?: readonly (readonly [string, string])[];
  readonly insecure?: boolean;
  readonly resign?: boolean;
  readonly max: number;
  readonly exitAfter?: number;
}

/** `posthorn listen`: forwards the events of an application or a source to a server on this computer. */
export function addListenCommand(program: Command): void {
  const command = program
    .command("listen")
    .description("forward the events of an application or a source to a server on this computer")
    .argument("[target]", "port or URL of the local server, such as 3000 or http://localhost:3000/hooks")
    .argument("[args...]", "with --exec: arguments of the program, after --")
    .option("--app <app>", "application (ID or uid) whose events to receive")
    .option("--source <source>", "source (ID) whose events to receive")
    .option("--name <name>", "name of this listener, which continues where it stopped (default: user and computer)")
    .addOption(
      new Option("--share <mode>", "how listeners with the same name share events")
        .choices(Object.keys(SHARE_MODES))
        .default("all"),
    )
    .option("--take-over", "replace another listener that has this name")
    .option("--events <types>", "only these event types, separated by commas; a * at the end matches any ending")
    .option("--filter <json>", "only events that match this filter: JSON, or @ and the name of a file")
    .option(
      "--since <age>",
      "also send events of this age that this listener never received, such as 15m, 2h or 3d",
      age,
    )
    .option("--backlog <count>", "queued deliveries to send: all, none, or how many of the newest", backlog)
    .addOption(
      new Option(
        "--output <mode>",
        "how events are shown; the default is tui in a terminal, otherwise compact",
      ).choices(["tui", "compact", "json", "quiet"]),
    )
    .option("--exec <program>", "run a program for each event, with the body on its standard input")
    .option("--header <name:value>", "add a header to each local request; may be repeated", header)
    .option("--insecure", "accept a self-signed certificate of the local server")
    .option("--resign", "renew the provider's signature, so that old events verify; needs a key with secrets:read")
    .option("--max <count>", "maximum number of concurrent requests", integer(1, MAX_RELAY_WINDOW), 10)
    .option("--exit-after <count>", "exit after this many events", integer(1, 1_000_000));
  withExamples(
    command,
    ["posthorn listen 3000 --app acme", "forwards the events of an application to http://localhost:3000"],
    [
      "posthorn listen 3000 --source src_2x… --events 'push,pull_request.*'",
      "forwards webhooks of a provider, byte for byte",
    ],
    [
      "posthorn listen 3000 --source src_2x… --since 2d --resign",
      "also sends the events of the last two days, with renewed signatures",
    ],
    ["posthorn listen 3000 --app acme --share one --name team", "shares the events with colleagues"],
    ["posthorn listen --app acme --exec ./handler.sh -- --verbose", "runs a program for each event"],
  );
  withJsonOutput(command, { kind: "lines", schema: LISTEN_LINE });
  withExitCodes(command, {
    0: "it was stopped, or has forwarded the number of events in --exit-after",
    3: "the token expired, was revoked, or is not sufficient",
    4: "the server ended the connection for another reason, and reconnecting would not help",
  });
  addClientFlags(command).action(async (target: string | undefined, args: readonly string[], flags: ListenFlags) => {
    const end = await run(target, args, flags);
    if (end.kind !== "ended") return;
    throw new CommandEnd(end.reason === "unauthorized" ? 3 : 4, end.message);
  });
}

async function run(target: string | undefined, args: readonly string[], flags: ListenFlags): Promise<ListenEnd> {
  const connection = connectionOf(flags);
  const app = flags.app ?? flags.source;
  if (app === undefined || (flags.app !== undefined && flags.source !== undefined))
    throw new PosthornError("bad_request", "Name an application with --app, or a source with --source.");
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());
  // Stops when the reader of the output has exited, as `head` does, so that no further events are lost.
  process.stdout.once("error", () => stop.abort());
  const { local, shown } = localOf(target, args, flags);
  const invitation = invitationOf(flags);
  let endpoint = "";
  const view = viewOf(flags, {
    shown,
    quit: () => stop.abort(),
    resend: (messageId) => resend(connection, app, messageId, endpoint),
  });
  const noted: ListenView = {
    state: (state) => {
      endpoint = state.endpoint ?? endpoint;
      view.state(state);
    },
    received: (frame) => {
      const warning = signatureWarning(frame.message, Date.now());
      if (warning !== null) view.note(warning);
      view.received(frame);
    },
    answered: (frame, result) => view.answered(frame, result),
    note: (text) => view.note(text),
  };
  try {
    return await listen({
      connection,
      app,
      invitation,
      local,
      view: noted,
      window: flags.max,
      exitAfter: flags.exitAfter ?? null,
      signal: stop.signal,
    });
  } finally {
    if (view instanceof Tui) view[Symbol.dispose]();
  }
}

function localOf(
  target: string | undefined,
  args: readonly string[],
  { exec, header: headers = [], insecure = false }: ListenFlags,
): { readonly local: Local; readonly shown: string } {
  if (exec !== undefined) {
    const all = target === undefined ? args : [target, ...args];
    return { local: runFor(exec, all, readToolEnvironment()), shown: exec };
  }
  if (target === undefined || args.length > 0)
    throw new PosthornError("bad_request", "Give one port or URL of the local server, or --exec and a program.");
  const url = URL.parse(/^\d+$/.test(target) ? `http://localhost:${target}` : target);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new PosthornError("bad_request", `"${target}" is neither a port nor an http or https URL.`);
  return { local: forwardTo({ url, headers, insecure }), shown: url.href };
}

function invitationOf(flags: ListenFlags): object {
  const { name, share, takeOver, events, filter, since, backlog: keep, resign = false } = flags;
  const clientName = whoListens();
  const ownName = clientName.replaceAll(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "") || "listener";
  return {
    name: name ?? (share === "all" ? ownName : "shared"),
    share,
    clientId: randomUUID(),
    clientName,
    takeOver: takeOver ?? false,
    eventTypes: events === undefined ? null : events.split(",").map((type) => type.trim()),
    filter: filter === undefined ? null : jsonOf(filter, "--filter"),
    since: since === undefined ? null : new Date(Date.now() - since).toISOString(),
    backlog: keep ?? null,
    // Left out otherwise, because servers of earlier versions refuse it.
    ...(resign ? { resign } : {}),
  };
}

function whoListens(): string {
  try {
    return `${userInfo().username}@${hostname()}`.slice(0, 100);
  } catch {
    return hostname().slice(0, 100);
  }
}

function viewOf(
  { output }: ListenFlags,
  {
    shown,
    quit,
    resend: again,
  }: { readonly shown: string; readonly quit: () => void; readonly resend: (id: string) => Promise<void> },
): ListenView {
  const isTerminal = process.stdout.isTTY && process.stdin.isTTY;
  const mode = output ?? (isTerminal ? "tui" : "compact");
  if (mode === "json") return jsonView();
  if (mode === "quiet") return quietView();
  if (mode === "compact") return compactView();
  if (isTerminal) return new Tui({ target: shown, input: process.stdin, output: process.stdout, resend: again, quit });
  printNote("There is no terminal: --output compact is used.");
  return compactView();
}

async function resend(connection: Connection, app: string, messageId: string, endpoint: string): Promise<void> {
  const path = ["app", app, "msg", messageId, "endpoint", endpoint, "resend"].map(encodeURIComponent).join("/");
  await call(connection, "POST", `/api/v1/${path}`, {});
}

function backlog(text: string): number | null {
  if (text === "all") return null;
  return text === "none" ? 0 : integer(0, 100_000)(text);
}

function header(
  text: string,
  earlier: readonly (readonly [string, string])[] = [],
): readonly (readonly [string, string])[] {
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*(.*)$/.exec(text);
  if (match === null) throw new InvalidArgumentError("Write a name, a colon and a value.");
  return [...earlier, [match[1]!, match[2]!]];
}
