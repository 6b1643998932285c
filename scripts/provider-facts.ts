/** What a definition of a provider says of itself, in Markdown: shared by the pages that are made from the catalogue. */
import { spawnSync } from "node:child_process";
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

/** One line of a list for each fact. */
export function facts(definition: ProviderDefinition): readonly string[] {
  const { id, aliases, schemes, secret, config, event, delivery, time, batch, handshakes, respond, retry } = definition;
  const masked = secretParts(definition);
  return [
    `- Id: \`${id}\`${aliases === undefined ? "" : `; also ${aliases.map(code).join(", ")}`}`,
    ...(definition.unsigned === undefined ? [] : [`- Without proof: ${definition.unsigned.instead}`]),
    ...schemes.map(
      (scheme) =>
        `- ${title(scheme.name.replaceAll("-", " "))}: ${code(schemeSummary(scheme))} (${TRUST[scheme.trust]})`,
    ),
    ...(secret === undefined ? [] : [`- Secret: ${secret}`]),
    ...Object.entries(config ?? {}).map(([key, what]) => `- \`config.${key}\`: ${what}`),
    ...(handshakes ?? []).map(({ summary }) => `- Handshake: ${escape(summary)}`),
    `- Event type: ${finder(event)}; id: ${finder(delivery)}; time: ${finder(time)}`,
    ...(batch === undefined
      ? []
      : [
          `- Several events, in ${code(batch.at === "" ? "the body" : `body.${batch.at}`)}: type ${finder(batch.event)}, id ${finder(batch.id)}, time ${finder(batch.time)}`,
        ]),
    `- Answer: ${answer(respond)}`,
    ...(retry === undefined ? [] : [`- Tries again: ${retry}`]),
    ...(masked.length === 0 ? [] : [`- Mask: ${masked.map(code).join(", ")}`]),
  ];
}

function answer(respond: ProviderDefinition["respond"] = {}): string {
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
  if (typeof value === "function") return "found by code";
  return [value].flat().map(code).join(" or ");
}

export function code(text: string): string {
  return `\`${text.replaceAll("`", "'").replaceAll("\n", "\\n")}\``;
}

/** Text that must not turn into markup. */
export function escape(text: string): string {
  return text.replaceAll(/[*_<]/g, "\\$&");
}

function title(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A page as the formatter wants it: what is committed must pass `oxfmt --check`. */
export function formatted(path: string, text: string): string {
  const { stdout, status, stderr } = spawnSync("oxfmt", ["--stdin-filepath", path], { input: text, encoding: "utf8" });
  if (status !== 0) throw new Error(`oxfmt failed: ${stderr}`);
  return stdout;
}
