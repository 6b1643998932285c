/**
 * Writes `docs/destinations/`: an overview and a page for each kind of destination, from the declarations. With `--check` it writes nothing
 * and fails when a page is stale.
 */
import type { AnyKind, DocumentedErrors, Field } from "../packages/posthorn/src/destinations/kind.ts";
import { DESTINATION_KINDS } from "../packages/posthorn/src/destinations/kinds.ts";
import { cell, exampleConfig, fieldTable, fileOfKind, markOf, prose, writePages } from "./kind-pages.ts";

const FOLDER = "docs/destinations";
const NOTE =
  "<!-- Written by scripts/generate-destination-docs.ts from packages/posthorn/src/destinations/kinds. Do not edit. -->";

const GROUPS = {
  http: "HTTP",
  chat: "Chat",
  paging: "Paging",
  automation: "Automation",
  queue: "Queues",
  stream: "Streams",
  storage: "Storage",
  database: "Databases",
  mail: "Email",
  pull: "Pull",
} as const;

const IDEMPOTENCY = {
  key: "The destination recognises a repeated message by its ID, so that it counts once.",
  "create-only": "The destination refuses to create the same object twice, so that each message is stored once.",
  none: "After a timeout, a message may arrive twice: the destination does not recognise repetitions.",
} as const;

const ORDERING = {
  all: "The destination preserves the order of all messages.",
  key: "The destination preserves the order of messages with the same ordering key.",
  none: "The destination does not guarantee any order.",
} as const;

/** What Posthorn does after an error. */
const AFTER_ERROR = {
  retry: "Retries",
  refused: "Does not retry: the destination will never accept this message",
  closed: "Retries, and warns at once, because every message to the endpoint fails",
} as const;

/** The folder may contain pages written by hand, so only these files are compared. */
function pages(): ReadonlyMap<string, string> {
  const kinds = Object.entries(DESTINATION_KINDS);
  const all = kinds.map(([name, kind]) => [`${FOLDER}/${fileOfKind(name)}`, page(name, kind)] as const);
  return new Map([[`${FOLDER}/README.md`, overview(kinds)], ...all]);
}

function overview(kinds: readonly (readonly [string, AnyKind])[]): string {
  const chapters = Object.entries(GROUPS).flatMap(([group, heading]) => {
    const members = kinds.filter(([, kind]) => kind.group === group);
    if (members.length === 0) return [];
    const rows = members.map(
      ([name, { title, summary }]) => `| [${title}](${fileOfKind(name)}) | \`${name}\` | ${cell(summary)} |`,
    );
    return [`## ${heading}\n\n| Destination | \`kind\` | What it does |\n| --- | --- | --- |\n${rows.join("\n")}`];
  });
  return `# Destinations

Besides URLs, Posthorn can deliver messages to these destinations. Each destination is an endpoint with a \`kind\` and a \`config\`;
retries, ordering, filters, transformations, replay and statistics work as for webhooks.

${NOTE}

\`\`\`sh run
call GET  destination-kinds                    # the kinds of this server, with their fields
call POST app/demo/endpoint '{"kind": "slack", "config": {"url": "https://hooks.slack.com/services/T0/B0/x"}}'
call POST destination-kinds/slack/preview '{"eventType": "invoice.paid", "payload": {"amount": 12}}'
\`\`\`

Chat destinations turn events into cards: [cards and templates](cards.md).

${chapters.join("\n\n")}
`;
}

function page(name: string, kind: AnyKind): string {
  const { title, summary, setup, fields, limits, idempotency, ordering, deduplication, conditional } = kind;
  const entries = Object.entries(fields);
  const window = deduplication === undefined ? "" : ` ${deduplication}`;
  const hasCard = Object.hasOwn(fields, "severity") && Object.hasOwn(fields, "title");
  return `# ${title}

${summary}

${NOTE}

${firstBlock(name, entries)}

## Set it up

${setup.map((step, index) => `${index + 1}. ${prose(step)}`).join("\n")}

${entries.length === 0 ? "" : `## Configure it\n\n${fieldTable(entries)}\n`}
## What to expect

- ${IDEMPOTENCY[idempotency]}${conditional === undefined ? window : ""}
- ${ORDERING[ordering]}
${conditional === undefined ? "" : `- For ${conditional.appliesTo}: ${lowered(IDEMPOTENCY[conditional.idempotency])}${window} ${ORDERING[conditional.ordering]}\n`}- ${hasCard ? "Events of any size are accepted. Posthorn shortens long texts to the limits of the destination, and the message says so. See [cards and templates](cards.md)." : `Messages have up to ${sizeOf(limits.bodyBytes)}.`}
${limits.batch === null ? "- One request has one message." : `- One request has up to ${limits.batch.items} messages and ${sizeOf(limits.batch.bytes)}, with [batches](../features/destination-batches.md). ${limits.batch.isAtomic ? "The destination accepts all of them or none." : "Each message has its own outcome."}`}
${kind.family === "http" && kind.errors !== undefined ? errorsOf(title, kind.errors) : ""}`;
}

/** The table of errors by which responses are classified. */
function errorsOf(title: string, { source, rows }: DocumentedErrors): string {
  const lines = rows.map(
    ({ said, kind, fix }) =>
      `| ${cell(said.map((text) => `\`${text}\``).join(", "))} | ${AFTER_ERROR[kind]} | ${cell(fix)} |`,
  );
  return `
## Errors

What Posthorn does when ${title} responds with one of these errors (source: ${source}). For all other responses, the status decides: Posthorn
waits as long as a 429 or 503 asks, warns after 401, 403, 404 and 410, does not retry after any other 4xx, and retries after 5xx and timeouts.

| ${title} responds with | Posthorn | What it means |
| --- | --- | --- |
${lines.join("\n")}
`;
}

function lowered(sentence: string): string {
  return sentence[0]!.toLowerCase() + sentence.slice(1);
}

/** The request that creates an endpoint of the kind. */
function firstBlock(name: string, entries: readonly (readonly [string, Field])[]): string {
  // Only subscribers create these endpoints, with the URL of a topic.
  if (name === "mcpEvents") {
    const key = '{"name": "Agent", "capabilities": ["ViewBase", "ManageEndpoint"]}';
    return `\`\`\`sh run\ncall POST app/demo/portal-key '${key}'\n\`\`\``;
  }
  if (name === "webSub") return '```sh run\ncall POST app/demo/websub/topic \'{"eventTypes": ["order.paid"]}\'\n```';
  const body = JSON.stringify(exampleBody(name, entries));
  return `\`\`\`sh ${markOf(body)}\ncall POST app/demo/endpoint '${body}'\n\`\`\``;
}

function exampleBody(name: string, entries: readonly (readonly [string, Field])[]): object {
  if (entries.length === 0) return name === "http" ? { url: "https://example.com/webhooks" } : { kind: name };
  return { kind: name, config: exampleConfig(entries) };
}

function sizeOf(bytes: number): string {
  if (bytes % 1_048_576 === 0) return `${bytes / 1_048_576} MiB`;
  if (bytes % 1024 === 0) return `${bytes / 1024} KiB`;
  return `${bytes.toLocaleString("en")} bytes`;
}

await writePages(FOLDER, NOTE, pages());
