/** `posthorn verify`: verifies a captured request without a server. */
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { isWebhookError, tryVerify, type VerifyResult, type WebhookRequest } from "@posthorn/webhooks";
import { type Diagnosis, diagnoseProvider, diagnoseStandard, parseHttpMessage } from "@posthorn/webhooks/doctor";
import { answerHandshake, describe, type ProviderOptions, tryVerifyProvider } from "@posthorn/webhooks/provider";
import { findProvider } from "@posthorn/webhooks/providers";
import { PosthornError } from "../../lib/errors.ts";
import { CommandEnd } from "../exit.ts";
import { withExamples, withExitCodes, withJson } from "../help.ts";
import { print, visible } from "../output.ts";
import { textOf } from "../remote/values.ts";
import { VERIFIED } from "../json.ts";

/** The scheme without a provider: Standard Webhooks, with which Posthorn signs. */
const STANDARD = "standard";

interface Flags {
  readonly provider: string;
  readonly secret: readonly string[];
  readonly publicKey: readonly string[];
  readonly config: readonly string[];
  readonly headers?: string;
  readonly body?: string;
  readonly url?: string;
  readonly at?: string;
  readonly anyTime?: true;
  readonly json?: true;
}

/** What `--json` prints. */
interface Outcome {
  readonly verified: boolean;
  readonly scheme?: string;
  readonly signedAt?: string;
  /** The request is a handshake, which expects this response. */
  readonly handshake?: { readonly status: number; readonly body: string };
  readonly event?: { readonly type?: string | undefined; readonly id?: string | undefined };
  readonly code?: string;
  readonly message?: string;
  readonly findings?: Diagnosis["findings"];
  readonly hints?: Diagnosis["hints"];
}

export function addVerifyCommand(program: Command): void {
  const command = program
    .command("verify")
    .description("verify the signature of a captured request, and say why it is not valid; needs no server")
    .argument("[file]", "request line, headers, an empty line and the raw body; standard input by default")
    .option("--provider <id>", "provider that sent it, such as stripe; default: Standard Webhooks", STANDARD)
    .option("--secret <secret>", "secret, as the sender shows it; @ and the name of a file; may be repeated", more, [])
    .option("--public-key <key>", "public key of the provider, as PEM, Base64 or JSON Web Key", more, [])
    .option("--config <name=value>", "a setting of the provider; may be repeated", more, [])
    .option("--headers <file>", "file with the headers, one per line, instead of a whole request")
    .option("--body <file>", "file with the raw body that belongs to --headers")
    .option("--url <url>", "public URL that the sender called")
    .option("--at <time>", "time of the verification, in ISO 8601 or Unix seconds; default: now")
    .option("--any-time", "ignore the age of the signature");
  withJson(command, { kind: "own", schema: VERIFIED });
  withExitCodes(command, { 0: "the request verifies", 1: "it does not, or could not be read" });
  withExamples(
    command,
    ["posthorn verify request.http --secret whsec_…", "verifies a webhook that Posthorn sent"],
    [
      "posthorn verify request.http --provider stripe --secret @secret.txt --any-time",
      "verifies an old event of Stripe",
    ],
    [
      "posthorn verify --headers headers.txt --body body.bin --provider github --secret s3cret",
      "verifies headers and body from separate files",
    ],
  );
  command.action(async (file: string | undefined, flags: Flags) => {
    const outcome = await outcomeOf(requestOf(file, flags), flags);
    print(flags.json === true ? JSON.stringify(outcome, null, 2) : visible(textOfOutcome(outcome)));
    if (!outcome.verified) throw new CommandEnd(1, "The request does not verify.");
  });
}

function more(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value];
}

function requestOf(file: string | undefined, { headers, body, url }: Flags): WebhookRequest {
  if ((headers === undefined) !== (body === undefined) || (headers !== undefined && file !== undefined)) {
    throw new PosthornError("bad_request", "Give one file with the whole request, or both --headers and --body.");
  }
  const message =
    headers === undefined
      ? readFileSync(file ?? 0)
      : Buffer.concat([headOf(readFileSync(headers)), readFileSync(body!)]);
  const request = parseHttpMessage(message, url);
  if (typeof request === "string") throw new PosthornError("bad_request", request);
  return request;
}

/** Headers as saved by browsers and proxies, with or without a request line. */
function headOf(headers: Buffer): Buffer {
  const text = headers.toString("latin1").trim();
  const line = /^[A-Z]+ \S+/.test(text) ? "" : "POST / HTTP/1.1\n";
  return Buffer.from(`${line}${text}\n\n`, "latin1");
}

async function outcomeOf(request: WebhookRequest, flags: Flags): Promise<Outcome> {
  const secrets = flags.secret.map((secret) => textOf(secret).replace(/\r?\n$/, ""));
  const publicKeys = flags.publicKey.map((key) => textOf(key));
  if (secrets.length + publicKeys.length === 0)
    throw new PosthornError("bad_request", "Give the secret with --secret, or the key with --public-key.");
  const options: ProviderOptions = {
    secrets,
    publicKeys,
    config: Object.fromEntries(flags.config.map(pair)),
    now: clockOf(flags.at),
    ...(flags.anyTime === true && { toleranceSeconds: Infinity, futureToleranceSeconds: Infinity }),
  };
  if (flags.provider === STANDARD) {
    const keys = [...secrets, ...publicKeys];
    return resultOf(await tryVerify(request, keys, options), () => diagnoseStandard(request, keys, options));
  }
  const definition = findProvider(flags.provider);
  if (definition === undefined) {
    throw new PosthornError(
      "not_found",
      `There is no provider "${flags.provider}". The page "Providers" of the documentation lists them.`,
    );
  }
  const handshake = await answerHandshake(definition, request, options);
  if (handshake !== undefined && handshake.error === undefined)
    return { verified: true, handshake: { status: handshake.status, body: handshake.body } };
  const { type, id } = describe(definition, request);
  const result = await tryVerifyProvider(definition, request, options);
  return { ...(await resultOf(result, () => diagnoseProvider(definition, request, options))), event: { type, id } };
}

async function resultOf(result: VerifyResult, diagnose: () => Promise<Diagnosis>): Promise<Outcome> {
  if (result.ok) {
    const { scheme, signedAt } = result;
    return { verified: true, scheme, ...(signedAt === undefined ? {} : { signedAt: signedAt.toISOString() }) };
  }
  const { error } = result;
  const { findings, hints } = await diagnose();
  return {
    verified: false,
    code: isWebhookError(error) ? error.code : "error",
    message: error.message,
    findings,
    hints,
  };
}

function pair(text: string): [string, string] {
  const mark = text.indexOf("=");
  if (mark <= 0) throw new PosthornError("bad_request", `"${text}" is not of the form name=value.`);
  return [text.slice(0, mark), text.slice(mark + 1)];
}

function clockOf(at: string | undefined): () => number {
  if (at === undefined) return Date.now;
  const time = /^\d+$/.test(at) ? Number(at) * 1000 : Date.parse(at);
  if (Number.isNaN(time)) throw new PosthornError("bad_request", `"${at}" is not a time in ISO 8601 or Unix seconds.`);
  return () => time;
}

function textOfOutcome({
  verified,
  scheme,
  signedAt,
  handshake,
  event,
  code,
  message,
  findings,
  hints,
}: Outcome): string {
  if (handshake !== undefined) return `A handshake. Respond with ${handshake.status} and ${handshake.body}`;
  const about =
    event?.type === undefined ? [] : [`  event ${event.type}${event.id === undefined ? "" : `, ${event.id}`}`];
  if (verified)
    return [`Verified (${scheme}${signedAt === undefined ? "" : `, signed at ${signedAt}`}).`, ...about].join("\n");
  const found = findings ?? [];
  const causes = (found.length > 0 ? found : (hints ?? [])).map((cause) => `  ${cause.message}`);
  const title = found.length > 0 ? ["Cause:"] : causes.length > 0 ? ["Possible causes:"] : [];
  return [`Not verified: ${message} (${code})`, ...about, ...title, ...causes].join("\n");
}
