/**
 * Writes a page into `docs/receiving` for each provider in `receiving-guides.ts`, from the guide and the provider's
 * definition. Also updates the number of providers in the READMEs, and the list of providers with public keys in
 * `docs/receiving.md`. With `--check` it writes nothing and fails when a page is stale. `e2e/test/receiving-docs.test.ts` runs the
 * commands of the pages against a server.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { verifiesWithPublicKeys } from "../packages/posthorn/src/domain/source/kind.ts";
import { findProvider, providers } from "../packages/webhooks/src/providers/index.ts";
import { formatted } from "./formatted.ts";
import { comment, escape, facts } from "./provider-facts.ts";
import { type Guide, GUIDES } from "./receiving-guides.ts";

const FOLDER = "docs/receiving";
const INDEX = `${FOLDER}/README.md`;
/** Adyen has two definitions. */
const PROVIDERS = Object.keys(providers).length - 1;
/** Pages that mention the number of providers. */
const COUNTING = ["README.md", "packages/webhooks/README.md"];
const OVERVIEW = "docs/receiving.md";

function page(guide: Guide): string {
  const definition = findProvider(guide.provider)!;
  const note = comment(definition.id);
  const about = [...(note === "" ? [] : [escape(note)]), ...(guide.notes ?? [])];
  return `# Receive webhooks from ${definition.name}

<!-- Written by scripts/generate-receiving-docs.ts. Do not edit. -->

Posthorn verifies each request from ${definition.name}, stores the event and forwards it to your endpoints.

## Create the source

The \`ingestUrl\` of the source is the URL to enter at the provider. Keep it confidential. \`TOKEN\` is a
[token of the organisation](../api.md).

\`\`\`sh
${[...guide.keys, ...creation(guide)].join("\n")}
\`\`\`

## Configure ${definition.name}

${guide.steps.map((step, before) => `${before + 1}. ${step}`).join("\n")}

## Forward events to an endpoint

The endpoint receives the original body and headers, so it can verify the provider's signature again, and
[Posthorn's signature](../delivery.md) in addition.

\`\`\`sh
curl -sS -X POST "http://127.0.0.1:8071/ingest/api/v1/source/${guide.provider}/endpoint" -H "Authorization: Bearer $TOKEN" \\
  -H 'Content-Type: application/json' -d '{"uid": "app", "url": "http://127.0.0.1:9000/${guide.provider}"}'
\`\`\`

## Send a test request

\`\`\`sh
${[...guide.request, ...request(guide)].join("\n")}
\`\`\`

The response is ${guide.expect ?? "200. The event is stored and will be delivered to the endpoint."} If you change \`BODY\` after
computing the signature, the request is rejected and kept in quarantine: \`GET …/source/${guide.provider}/quarantine\` shows the reason.

## Reference

${facts(definition).join("\n")}
${about.map((each) => `\n${each}\n`).join("")}`;
}

function creation({ provider, source }: Guide): string[] {
  return [
    `URL=$(curl -sS -X POST http://127.0.0.1:8071/ingest/api/v1/source -H "Authorization: Bearer $TOKEN" \\`,
    `  -H 'Content-Type: application/json' -d '{"name": "${provider}", "uid": "${provider}", "type": "${provider}", ${source}}' |`,
    `  node -p 'JSON.parse(require("fs").readFileSync(0)).ingestUrl')`,
    'echo "$URL"',
  ];
}

function request({ headers }: Guide): string[] {
  const given = headers.map((header) => `-H "${header.replaceAll('"', String.raw`\"`)}"`);
  return [`curl -sS -w ' %{http_code}\\n' -X POST "$URL" ${given.join(" \\\n  ")} --data-binary "$BODY"`];
}

function index(): string {
  const rows = GUIDES.map(({ provider }) => `- [${findProvider(provider)!.name}](${provider}.md)`).sort();
  return `# Receive webhooks

<!-- Written by scripts/generate-receiving-docs.ts. Do not edit. -->

A **source** is a URL for one provider. Posthorn verifies each request to it, answers the provider's handshakes, stores the
event before responding, and forwards it to the source's endpoints with the same [delivery](../delivery.md) guarantees
as your own events. [Receive webhooks from providers](../receiving.md) explains how this works.

- [See which event types and schemas a source receives](catalogue.md)
- [Get an alert when a source goes quiet](activity.md)
- [Fetch missed events from GitHub and Stripe](backfill.md)

Step by step, for the most common providers:

${rows.join("\n")}

[All ${PROVIDERS} providers](../webhooks/providers.md), with what each of their requests proves.
`;
}

/** The page with the current number of providers. */
function counted(path: string): string {
  return readFileSync(path, "utf8").replace(/\b\d+(?= providers\b)/g, String(PROVIDERS));
}

/** The page with the current list of providers that have public keys instead of secrets. */
function withPublicKeys(path: string): string {
  const names = Object.values(providers)
    .filter((definition) => verifiesWithPublicKeys(definition))
    .map(({ name }) => name)
    .sort();
  const list = `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  const text = `${list} sign with a private key and have no secret: enter their key as \`publicKeys\`.`;
  return readFileSync(path, "utf8").replace(
    /(<!-- generated: public keys -->\n\n)[^]*?(\n\n<!-- \/generated -->)/,
    (_, start: string, end: string) => `${start}${text}${end}`,
  );
}

const pages = new Map(GUIDES.map((guide) => [`${FOLDER}/${guide.provider}.md`, page(guide)] as const));
const stale: string[] = [];
const counting = COUNTING.map((path) => [path, counted(path)] as const);
for (const [path, text] of [...pages, ...counting, [INDEX, index()], [OVERVIEW, withPublicKeys(OVERVIEW)]] as const) {
  const wanted = await formatted(path, text);
  if (existsSync(path) && readFileSync(path, "utf8") === wanted) continue;
  if (process.argv.includes("--check")) stale.push(path);
  else writeFileSync(path, wanted);
}
if (stale.length > 0) {
  console.error(`These pages are stale: ${stale.join(", ")}. Write them with: npm run generate:docs`);
  process.exitCode = 1;
}
