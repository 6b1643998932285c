import { parseArgs } from "node:util";
import { isWebhookError, tryVerify, type Verified, type WebhookError, type WebhookRequest } from "@posthorn/webhooks";
import { type Diagnosis, diagnoseProvider, diagnoseStandard, parseHttpMessage } from "@posthorn/webhooks/doctor";
import { answerHandshake, describe, type ProviderOptions, tryVerifyProvider } from "@posthorn/webhooks/provider";
import { findProvider } from "@posthorn/webhooks/providers";
import type { Terminal } from "./terminal.ts";

/** A mistake on the command line. Its message is shown to the user. */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
}

const OPTIONS = {
  provider: { type: "string", default: "standard" },
  secret: { type: "string", multiple: true },
  "secret-file": { type: "string", multiple: true },
  "public-key": { type: "string", multiple: true },
  config: { type: "string", multiple: true },
  other: { type: "string", multiple: true },
  url: { type: "string" },
  at: { type: "string" },
  "any-time": { type: "boolean" },
  json: { type: "boolean" },
} as const;

/** Result of verifying a request. */
interface Outcome {
  readonly verified?: Verified;
  readonly handshake?: { readonly status: number; readonly body: string };
  readonly error?: WebhookError;
  readonly diagnosis?: Diagnosis;
  readonly event?: { readonly type: string | undefined; readonly id: string | undefined };
}

/** `webhooks verify`: prints the result and, on failure, the findings of the signature doctor. */
export async function verifyCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  const request = parseHttpMessage(await terminal.read(positionals[0]), values.url);
  if (typeof request === "string") throw new UsageError(request);
  const fromFiles = await Promise.all((values["secret-file"] ?? []).map((path) => readText(terminal, path)));
  const options: ProviderOptions = {
    secrets: [...(values.secret ?? []), ...fromFiles],
    publicKeys: values["public-key"] ?? [],
    config: namedValues(values.config),
    now: clock(values.at, terminal),
    ...(values["any-time"] === true && { toleranceSeconds: Infinity, futureToleranceSeconds: Infinity }),
  };
  const otherSecrets = namedValues(values.other);
  const outcome =
    values.provider === "standard"
      ? await standardOutcome(request, options, otherSecrets)
      : await providerOutcome(values.provider, request, options, otherSecrets);
  terminal.out(values.json === true ? `${JSON.stringify(outcome, errorAsText, 2)}\n` : describeOutcome(outcome));
  return outcome.error === undefined ? 0 : 1;
}

async function standardOutcome(
  request: WebhookRequest,
  options: ProviderOptions,
  otherSecrets: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const secrets = [options.secrets ?? [], (options.publicKeys ?? []) as string[]].flat();
  if (secrets.length === 0) throw new UsageError("Pass the secret with --secret or --secret-file.");
  const result = await tryVerify(request, secrets, options);
  if (result.ok) return { verified: result };
  return { error: result.error, diagnosis: await diagnoseStandard(request, secrets, { ...options, otherSecrets }) };
}

async function providerOutcome(
  id: string,
  request: WebhookRequest,
  options: ProviderOptions,
  otherSecrets: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const definition = findProvider(id);
  if (definition === undefined)
    throw new UsageError(`Unknown provider: ${id}. List all providers with: webhooks providers`);
  const handshake = await answerHandshake(definition, request, options);
  if (handshake !== undefined && handshake.error === undefined) return { handshake };
  const result = await tryVerifyProvider(definition, request, options);
  const event = describe(definition, request);
  if (result.ok) return { verified: result, event };
  const diagnosis = await diagnoseProvider(definition, request, { ...options, otherSecrets });
  return { error: result.error, event, diagnosis };
}

function describeOutcome({ verified, handshake, error, diagnosis, event }: Outcome): string {
  const about =
    event?.type === undefined ? "" : `  event ${event.type}${event.id === undefined ? "" : `, delivery ${event.id}`}\n`;
  if (handshake !== undefined) return `A handshake. Respond with: ${handshake.status} ${handshake.body}\n`;
  if (verified !== undefined) {
    const signed = verified.signedAt === undefined ? "" : `, signed at ${verified.signedAt.toISOString()}`;
    const which = verified.secretIndex > 0 ? `, with secret ${verified.secretIndex + 1}` : "";
    return `Verified (${verified.scheme}${which}${signed}).\n${about}`;
  }
  return `Not verified: ${error?.code}\n  ${error?.message}\n${about}${describeDiagnosis(diagnosis)}`;
}

function describeDiagnosis(diagnosis: Diagnosis | undefined): string {
  if (diagnosis === undefined) return "";
  const list = (findings: Diagnosis["findings"]) =>
    findings.map(({ code, message }) => `  - ${code}: ${message}\n`).join("");
  const { findings, hints, tried } = diagnosis;
  if (findings.length > 0) return `The signature doctor found the cause:\n${list(findings)}`;
  const nothing = `The signature doctor tried ${tried} likely mistakes and found no cause.\n`;
  return hints.length > 0 ? `${nothing}Possible problems:\n${list(hints)}` : nothing;
}

function errorAsText(_key: string, value: unknown): unknown {
  if (!isWebhookError(value)) return value;
  const { code, message, details } = value;
  return { code, message, details };
}

function namedValues(pairs: readonly string[] | undefined): Record<string, string> {
  const values: Record<string, string> = {};
  for (const pair of pairs ?? []) {
    const equals = pair.indexOf("=");
    if (equals <= 0) throw new UsageError("Values of --config and --other must have the form name=value.");
    values[pair.slice(0, equals)] = pair.slice(equals + 1);
  }
  return values;
}

async function readText(terminal: Terminal, path: string): Promise<string> {
  // Most editors add a newline at the end of a file, which is not part of the secret.
  return new TextDecoder().decode(await terminal.read(path)).replace(/\r?\n$/, "");
}

function clock(at: string | undefined, terminal: Terminal): () => number {
  if (at === undefined) return terminal.now;
  const time = /^\d+$/.test(at) ? Number(at) * 1000 : Date.parse(at);
  if (Number.isNaN(time)) throw new UsageError("The value of --at must be ISO 8601 or Unix seconds.");
  return () => time;
}
