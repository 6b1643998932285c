/**
 * Writes `docs/sources/`: an overview and a page for each kind of source that Posthorn reads, from the declarations. With `--check` it writes
 * nothing and fails when a page is stale.
 */
import type { AnySourceKind } from "../packages/posthorn/src/sources/kind.ts";
import { SOURCE_KINDS, WEBHOOK_SOURCE } from "../packages/posthorn/src/sources/kinds.ts";
import { cell, exampleConfig, fieldTable, fileOfKind, markOf, prose, writePages } from "./kind-pages.ts";

const FOLDER = "docs/sources";
const NOTE =
  "<!-- Written by scripts/generate-source-docs.ts from packages/posthorn/src/sources/kinds. Do not edit. -->";

const GROUPS = {
  schedule: "Time",
  web: "Web",
  calendar: "Calendars",
  queue: "Queues",
  stream: "Streams",
  storage: "Storage",
  database: "Databases",
  mail: "Email",
  http: "Requests",
} as const;

const REPEATS = {
  dropped: "An event that is read again, for example after a crash, has the same ID and is dropped.",
  possible: "After a crash, an event may be stored twice, because the source has no IDs for recognising repetitions.",
} as const;

function pages(): ReadonlyMap<string, string> {
  const kinds = Object.entries(SOURCE_KINDS).filter(([name]) => name !== WEBHOOK_SOURCE);
  const all = kinds.map(([name, kind]) => [`${FOLDER}/${fileOfKind(name)}`, page(name, kind)] as const);
  return new Map([[`${FOLDER}/README.md`, overview(kinds)], ...all]);
}

function overview(kinds: readonly (readonly [string, AnySourceKind])[]): string {
  const chapters = Object.entries(GROUPS).flatMap(([group, heading]) => {
    const members = kinds.filter(([, kind]) => kind.group === group);
    if (members.length === 0) return [];
    const rows = members.map(
      ([name, { title, summary }]) => `| [${title}](${fileOfKind(name)}) | \`${name}\` | ${cell(summary)} |`,
    );
    return [`## ${heading}\n\n| Source | \`kind\` | What it does |\n| --- | --- | --- |\n${rows.join("\n")}`];
  });
  return `# Sources that Posthorn reads

Besides receiving [webhooks](../receiving.md), Posthorn can read schedules, URLs, feeds, calendars, mailboxes and brokers, and turn the data
into events. Endpoints, filters, transformations, replay and statistics work as for webhooks.

${NOTE}

\`\`\`sh run
source GET  source-kinds                       # the kinds of this server, with their fields
source POST source '{"uid": "mornings", "name": "Every morning", "kind": "schedule", "config": {"cron": "0 9 * * 1-5", "timeZone": "Europe/Berlin"}}'
source POST source/mornings/endpoint '{"url": "https://example.com/webhooks"}'
source GET  source/mornings/state                 # whether reading works, and when it is read next
source POST source/mornings/poll                  # read it now
source POST source/mornings/sample '{"eventType": "feed.entry", "payload": {"title": "Test"}}'
source POST source/mornings/pause                 # stop reading it; /resume continues from there
\`\`\`

\`source\` calls the API below \`/ingest/api/v1/\`, as [receiving](../receiving.md) shows it. On the command line, \`posthorn sources
list\` lists sources, \`posthorn sources poll\` reads one immediately and prints the result, and \`posthorn sources sample\` sends an event.

## How reading works

- **Messages are stored before they are acknowledged.** Queue and stream sources keep a connection open, in a separate thread behind the
  address guard. Posthorn stops reading when 128 messages or 8 MiB have not been stored yet. While the database is unavailable, the connection
  is closed, and the broker keeps its messages.
- **One node reads a source**: the node that owns the source's shard. When it stops or loses the shard, another node continues.
- **Events are stored before the position moves.** After a crash, Posthorn reads from the last position, and uses the IDs of events to skip
  those that are already stored. A node that was frozen and has lost the source can no longer move the position.
- **Failures are retried** with growing pauses, from 30 seconds (1 second for connections) up to 15 minutes (5 minutes) or the source's
  interval, and not before the time in a \`Retry-After\` header. \`state\` shows the cause and what to do about it.
- **A changed target starts over.** When the URL changes, Posthorn discards its position. After other changes, reading continues where it was.
- **Limits.** A source is polled at most every 30 seconds. A node polls at most 64 sources at the same time, 8 of them for one organisation,
  and 2 at one host across all organisations. Responses have up to 8 MiB. Addresses are checked by the same rules as those of endpoints
  ([\`POSTHORN_EGRESS_ALLOW\`](../configuration.md)). \`POSTHORN_SOURCE_QUOTA\` limits the sources of an organisation, and
  \`POSTHORN_SOURCE_KINDS\` the kinds.
- **Data that cannot be read** as an event is quarantined, and reading continues after it.
- **Messages that are too large** for the source (\`maxBodyBytes\`) are quarantined and acknowledged, and do not block later messages. If a
  message exceeds the limit by more than 64 KiB, it is not kept in memory: the quarantine entry has its size, its SHA-256, its first 32 KiB,
  and its ID, offset or sequence at the broker. For Kafka, this applies to record batches that exceed the limit as a whole; for AMQP 1.0, the
  SHA-256 is that of the encoded message. SMTP refuses large emails, and events of an S3 source describe large objects without their content.
- **Compressed data** is decompressed only up to a limit. An HTTP response larger than 8 MiB after decompression is an error
  (\`response_too_large\`). The event of an S3 object that becomes too large describes it without its content. A Kafka record batch that has
  more than 64 MiB or 250,000 records, or cannot be decompressed, is quarantined.

${chapters.join("\n\n")}
`;
}

function page(name: string, kind: AnySourceKind): string {
  const { title, summary, setup, fields, events, repeats } = kind;
  const entries = Object.entries(fields);
  const config = exampleConfig(entries, ALSO_NEEDED[name]);
  const body = { name: title, kind: name, config: Object.keys(config).length === 0 ? exampleOf(entries) : config };
  return `# ${title}

${summary}

${NOTE}

${firstBlock(name, JSON.stringify(body).replaceAll("'", String.raw`'\''`))}

## Set it up

${setup.map((step, index) => `${index + 1}. ${prose(step)}`).join("\n")}

## Configure it

${fieldTable(entries)}

## Events

| Type | When |
| --- | --- |
${events.map(({ type, description }) => `| \`${type}\` | ${cell(description)} |`).join("\n")}

${REPEATS[repeats]}
`;
}

/** Optional fields of which the server requires one, as most readers need them. */
const ALSO_NEEDED: Readonly<Record<string, readonly string[]>> = {
  caldav: ["username", "password"],
  imap: ["password"],
};

/** How to create a source of the kind. */
function firstBlock(name: string, body: string): string {
  // Their definition contains SQL, so only operators can add them.
  if (name === "table") return "```sh\nposthorn tables add shop.orders --app acme\n```";
  const mark = name === "email" ? "skip=needs-a-mail-domain" : markOf(body);
  return `\`\`\`sh ${mark}\nsource POST source '${body}'\n\`\`\``;
}

/** The first field with an example. */
function exampleOf(entries: readonly (readonly [string, { readonly example?: string }])[]): object {
  const found = entries.find(([, { example }]) => example !== undefined);
  return found === undefined ? {} : { [found[0]]: found[1].example };
}

await writePages(FOLDER, NOTE, pages());
