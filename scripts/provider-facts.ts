/** Facts from provider definitions in Markdown, shared by the generated pages. */
import { readFileSync } from "node:fs";
import { secretParts } from "../packages/webhooks/src/provider/mask.ts";
import type { Finder } from "../packages/webhooks/src/provider/select.ts";
import { schemeSummary } from "../packages/webhooks/src/provider/summary.ts";
import type { ProviderDefinition } from "../packages/webhooks/src/provider/types.ts";

export const TRUST = {
  signed: "signed",
  "shared-secret": "shared secret",
  none: "**none**",
} as const;

/** Facts of a definition, one list item each. */
export function facts(definition: ProviderDefinition): readonly string[] {
  const { id, aliases, schemes, secret, config, event, delivery, time, batch, handshakes, respond, retry } = definition;
  const masked = secretParts(definition);
  return [
    `- ID: \`${id}\`${aliases === undefined ? "" : `; aliases: ${aliases.map(code).join(", ")}`}`,
    ...(definition.unsigned === undefined ? [] : [`- Unsigned: ${definition.unsigned.instead}`]),
    ...schemes.map(
      (scheme) => `- Scheme ${code(scheme.name)}: ${code(schemeSummary(scheme))} (${TRUST[scheme.trust]})`,
    ),
    ...(secret === undefined ? [] : [`- Secret: ${secret}`]),
    ...Object.entries(config ?? {}).map(([key, what]) => `- \`config.${key}\`: ${what}`),
    ...(handshakes ?? []).map(({ summary }) => `- Handshake: ${escape(summary)}`),
    `- Event type: ${finder(event)}; delivery ID: ${finder(delivery)}; time: ${finder(time)}`,
    ...(batch === undefined
      ? []
      : [
          `- Batch in ${code(batch.at === "" ? "body" : `body.${batch.at}`)}: type ${finder(batch.event)}, ID ${finder(batch.id)}, time ${finder(batch.time)}`,
        ]),
    `- Response: ${response(respond)}`,
    ...(retry === undefined ? [] : [`- Retries: ${retry}`]),
    ...(masked.length === 0 ? [] : [`- Credentials to mask: ${masked.map(code).join(", ")}`]),
  ];
}

function response(respond: ProviderDefinition["respond"] = {}): string {
  const { status, body, within, reject, note } = respond;
  const parts = [
    String(status ?? "2xx"),
    ...(body === undefined ? [] : [`with the body ${code(body)}`]),
    ...(within === undefined ? [] : [`within ${within} s`]),
    ...(reject === undefined ? [] : [`${reject} for a bad signature`]),
    ...(note === undefined ? [] : [escape(note)]),
  ];
  return parts.join("; ");
}

/** The comment above a definition. */
export function comment(id: string): string {
  const found = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\nexport const \w+: ProviderDefinition/.exec(source(id))?.[1] ?? "";
  return found
    .replaceAll(/^\s*\* ?/gm, "")
    .replaceAll(/\s+/g, " ")
    .trim();
}

export function source(id: string): string {
  return readFileSync(`packages/webhooks/src/providers/${id}.ts`, "utf8");
}

export function finder(value: Finder | undefined): string {
  if (value === undefined) return "–";
  if (typeof value === "function") return "computed";
  return [value].flat().map(code).join(" or ");
}

export function code(text: string): string {
  return `\`${text.replaceAll("`", "'").replaceAll("\n", "\\n")}\``;
}

/** Escapes characters that Markdown would interpret. */
export function escape(text: string): string {
  return text.replaceAll(/`[^`]*`|[*_<]/g, (part) => (part.startsWith("`") ? part : `\\${part}`));
}
