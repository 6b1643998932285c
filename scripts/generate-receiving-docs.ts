/**
 * Writes a page for each provider of `receiving-guides.ts` into `docs/receiving`, from the guide and from the catalogue. With `--check`
 * it writes nothing and fails when a page on disk is not the one that would be written. What the pages tell to paste is run against a
 * server in `e2e/test/receiving-docs.test.ts`.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { findProvider } from "../packages/webhooks/src/providers/index.ts";
import { comment, escape, facts, formatted } from "./provider-facts.ts";
import { type Guide, GUIDES } from "./receiving-guides.ts";

const FOLDER = "docs/receiving";
const INDEX = `${FOLDER}/README.md`;

function page(guide: Guide): string {
  const definition = findProvider(guide.provider)!;
  const note = comment(definition.id);
  const about = [...(note === "" ? [] : [escape(note)]), ...(guide.notes ?? [])];
  return `# Receiving from ${definition.name}

<!-- Written by scripts/generate-receiving-docs.ts. Do not edit. -->

## Set it up

Create the source. Its \`ingestUrl\` is the URL for the provider; keep it private. \`TOKEN\` is a
[token of the organisation](../api.md).

\`\`\`sh
${[...guide.keys, ...creation(guide)].join("\n")}
\`\`\`

At ${definition.name}:

${guide.steps.map((step, before) => `${before + 1}. ${step}`).join("\n")}

Then say where events go. The endpoint gets body and headers as they came, so it can verify the signature again, and
[Posthorn's own](../delivery.md) beside it.

\`\`\`sh
curl -sS -X POST "http://127.0.0.1:8071/ingest/api/v1/source/${guide.provider}/endpoint" -H "Authorization: Bearer $TOKEN" \\
  -H 'Content-Type: application/json' -d '{"uid": "app", "url": "http://127.0.0.1:9000/${guide.provider}"}'
\`\`\`

## Try it

\`\`\`sh
${[...guide.request, ...request(guide)].join("\n")}
\`\`\`

Answers ${guide.expect ?? "200. The event is stored, and on its way to the endpoint."} Change a byte of \`BODY\` behind the signature, and it is
kept apart instead: \`GET …/source/${guide.provider}/quarantine\` says why.

## What is checked

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
  return `# Receiving

<!-- Written by scripts/generate-receiving-docs.ts. Do not edit. -->

A **source** is a URL for one provider. Posthorn verifies what comes to it, answers the provider's handshakes, stores the
event before it answers, and passes it on to the endpoints of the source, with everything that
[delivery](../delivery.md) gives. How it works: [receiving.md](../receiving.md).

- [See which event types and schemas a source receives](catalogue.md)
- [Get an alert when a source goes quiet](activity.md)
- [Fetch missed events from GitHub and Stripe](backfill.md)

Providers with a page of their own:

${rows.join("\n")}

All 129 providers, and what each proves: [providers](../webhooks/providers.md).
`;
}

const pages = new Map(GUIDES.map((guide) => [`${FOLDER}/${guide.provider}.md`, page(guide)] as const));
const stale: string[] = [];
for (const [path, text] of [...pages, [INDEX, index()] as const]) {
  const wanted = formatted(path, text);
  if (existsSync(path) && readFileSync(path, "utf8") === wanted) continue;
  if (process.argv.includes("--check")) stale.push(path);
  else writeFileSync(path, wanted);
}
if (stale.length > 0) {
  console.error(`Not what would be written: ${stale.join(", ")}. Run: node scripts/generate-receiving-docs.ts`);
  process.exitCode = 1;
}
