/**
 * Writes `docs/webhooks/providers.md` from the provider definitions. With `--check` it writes nothing and fails when the
 * page is stale.
 *
 * The comment above a definition describes common mistakes. It is read from the source, so that it costs nothing at run
 * time.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { providerTrust, schemeSummary } from "../packages/webhooks/src/provider/summary.ts";
import type { ProviderDefinition, ProviderGroup } from "../packages/webhooks/src/provider/types.ts";
import { providers } from "../packages/webhooks/src/providers/index.ts";
import { formatted } from "./formatted.ts";
import { code, comment, escape, facts, finder, source, TRUST } from "./provider-facts.ts";

const PAGE = "docs/webhooks/providers.md";

/** Providers with a complete receiver as their example. The others show only the call that verifies. */
const IN_FULL = new Set(
  (
    "github gitlab bitbucket stripe paypal square slack discord microsoft-teams microsoft-graph twilio sendgrid " +
    "mailchimp mandrill mailgun shopify woocommerce zapier ifttt-service sentry rollbar zendesk intercom docker-hub " +
    "harbor quay google-calendar calendly contentful sanity aws-sns azure-event-grid hubspot salesforce"
  ).split(" "),
);

const GROUPS: Readonly<Record<ProviderGroup, string>> = {
  development: "Source control, registries, CI, hosting, project management",
  observability: "Observability",
  payments: "Payments and accounting",
  messaging: "Messaging, email, telephony, social networks",
  business: "CRM, support, scheduling, forms, signatures, marketing",
  content: "Commerce, content, storage, media",
  cloud: "Calendars, cloud, devices, automation, protocols",
  identity: "Identity",
  infrastructure: "AI and webhook infrastructure",
};

const COVERS = { body: "the body", fields: "parts of the body", nothing: "not the body" } as const;

function page(): string {
  const all = Object.values(providers);
  const chapters = Object.entries(GROUPS).map(([group, heading]) => {
    const members = all.filter((definition) => definition.group === group);
    return `## ${heading}\n\n${table(members)}\n\n${members.map(section).join("\n\n")}`;
  });
  return `${introduction(all)}\n\n${chapters.join("\n\n")}\n`;
}

function introduction(all: readonly ProviderDefinition[]): string {
  const count = (trust: string): number => all.filter((definition) => providerTrust(definition) === trust).length;
  return `# Verify webhooks from ${all.length - 1} providers

Settings, signatures and examples for every provider definition of \`@posthorn/webhooks\`.

<!-- Written by scripts/generate-provider-docs.ts from packages/webhooks/src/providers. Do not edit. -->

\`\`\`ts
import { verifyProvider } from "@posthorn/webhooks/provider";
import { github } from "@posthorn/webhooks/providers/github";

// Throws a WebhookError for a request that is not authentic.
const { trust } = await verifyProvider(github, request, { secrets: process.env.GITHUB_SECRET! });
\`\`\`

Of the ${all.length} definitions (Adyen has two, because some accounts use only Basic authentication), ${count("signed")} sign their requests, ${count("shared-secret")} send a fixed credential, and ${count("none")} have no authentication of
their own. The column "Proof" says what an accepted request proves:

- **signed**: the sender holds a key, and the part that the signature covers is unchanged. The column "Covers" names that part.
- **shared secret**: the sender knows a fixed credential. The body is not protected: confirm important events through the
  provider's API.
- **none**: nothing. Put a secret into the URL and pass it as \`secrets\`, which makes it a shared secret, or set
  \`allowUnsigned\`; the result then has \`trust: "none"\`.

In the tables, \`ts\` is the timestamp of the request, and header names are in lower case. For a provider without a delivery ID
that stays the same across retries, \`deduplicationKey\` derives one from event type and body. \`receiveProvider\` and receivers
respond as the provider expects, including to its handshakes.`;
}

function table(members: readonly ProviderDefinition[]): string {
  const head =
    "| Provider | Proof | Covers | Signature or credential | Delivery ID | Response | Timeout |\n| --- | --- | --- | --- | --- | --- | --- |";
  const rows = members.map((definition) => {
    const { name, schemes, delivery, batch, respond = {} } = definition;
    const trust = providerTrust(definition);
    const [best] = schemes;
    return row([
      `[${name}](#${anchor(name)})`,
      definition.unsigned !== undefined && trust === "signed" ? `${TRUST.signed}, or ${TRUST.none}` : TRUST[trust],
      trust === "none" ? "–" : COVERS[best.covers],
      schemes.map((scheme) => code(schemeSummary(scheme))).join("<br>"),
      finder(delivery ?? batch?.id),
      String(respond.status ?? "2xx"),
      respond.within === undefined ? "–" : `${respond.within} s`,
    ]);
  });
  return `${head}\n${rows.join("\n")}`;
}

function section(definition: ProviderDefinition): string {
  const note = comment(definition.id);
  const { name } = definition;
  return [
    `### ${name}`,
    ...(note === "" ? [] : [escape(note)]),
    facts(definition).join("\n"),
    example(definition),
  ].join("\n\n");
}

function example(definition: ProviderDefinition): string {
  return ["```ts", ...(IN_FULL.has(definition.id) ? receiver(definition) : verification(definition)), "```"].join("\n");
}

function verification(definition: ProviderDefinition): string[] {
  const name = exportName(definition);
  return [
    'import { verifyProvider } from "@posthorn/webhooks/provider";',
    `import { ${name} } from "@posthorn/webhooks/providers/${definition.id}";`,
    "",
    `const { trust } = await verifyProvider(${name}, request, {`,
    ...options(definition).map((line) => `  ${line}`),
    "});",
  ];
}

function receiver(definition: ProviderDefinition): string[] {
  const name = exportName(definition);
  return [
    'import { fetchHandler } from "@posthorn/webhooks/fetch";',
    `import { ${name} } from "@posthorn/webhooks/providers/${definition.id}";`,
    'import { createReceiver, memoryStore, providerWebhooks } from "@posthorn/webhooks/receiver";',
    "",
    "const receiver = createReceiver({",
    `  source: providerWebhooks(${name}, {`,
    ...options(definition).map((line) => `    ${line}`),
    "  }),",
    "  store: memoryStore(),",
    "  handle: async ({ type, id, payload }) => {",
    "    console.log(type, id, payload);",
    "  },",
    "});",
    "",
    "// For Next.js, Hono, Workers, Deno and Bun. Express, Fastify, Koa and Lambda have their own adapters.",
    "export const POST = fetchHandler(receiver);",
    ...((definition.handshakes ?? []).some(({ summary }) => summary.startsWith("GET"))
      ? ["export const GET = POST;"]
      : []),
    ...((definition.handshakes ?? []).some(({ summary }) => summary.startsWith("HEAD"))
      ? ["export const HEAD = POST;"]
      : []),
  ];
}

function options(definition: ProviderDefinition): string[] {
  const variable = definition.id.toUpperCase().replaceAll(/[-.]/g, "_");
  const [best] = definition.schemes;
  const lines: string[] = [];
  if (best.needs === "secrets") lines.push(`secrets: process.env.${variable}_SECRET!,`);
  else if (!FETCHED.has(definition.id)) lines.push(`publicKeys: process.env.${variable}_PUBLIC_KEY!,`);
  const settings = Object.keys(definition.config ?? {}).filter((key) => NEEDED.has(`${definition.id}.${key}`));
  if (settings.length > 0) {
    lines.push(`config: { ${settings.map((key) => `${key}: process.env.${variable}_${snake(key)}!`).join(", ")} },`);
  }
  return lines;
}

/** Providers whose keys are fetched from their servers unless the caller pins them. */
const FETCHED = new Set(["paypal", "aws-sns", "google-pubsub", "travis-ci"]);

/** Settings that verification requires. */
const NEEDED = new Set([
  "apple-appstore.bundleId",
  "braintree.publicKey",
  "google-pubsub.audience",
  "google-pubsub.serviceAccount",
  "livekit.apiKey",
  "mandrill.webhookUrl",
  "paypal.webhookId",
  "square.notificationUrl",
  "trello.callbackUrl",
  "aws-sns.topicArn",
  "meta.verifyToken",
  "whatsapp.verifyToken",
  "websub.topic",
  "atlassian-connect.baseUrl",
]);

function exportName({ id }: ProviderDefinition): string {
  return /export const (\w+): ProviderDefinition/.exec(source(id))?.[1] ?? id;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function snake(text: string): string {
  return text.replaceAll(/[A-Z]/g, "_$&").toUpperCase();
}

function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, "")
    .replaceAll(" ", "-");
}

const wanted = await formatted(PAGE, page());
if (!process.argv.includes("--check")) {
  writeFileSync(PAGE, wanted);
} else if (readFileSync(PAGE, "utf8") !== wanted) {
  console.error(`${PAGE} is stale. Write it with: node scripts/generate-provider-docs.ts`);
  process.exitCode = 1;
}
