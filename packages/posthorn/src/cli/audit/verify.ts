import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Command } from "commander";
import type { HashedAuditEntry } from "../../domain/audit/entry.ts";
import type { SignedAuditHead } from "../../domain/audit/signer.ts";
import { ChainVerifier } from "../../domain/audit/verify.ts";
import { PosthornError } from "../../lib/errors.ts";
import { addClientFlags } from "../client.ts";
import { print } from "../output.ts";
import { openExport } from "./export.ts";
import { report, withExitCodes, withJson } from "../help.ts";
import { INTACT } from "../json.ts";

interface Options {
  readonly json?: boolean;
  readonly file?: string;
  readonly publicKey?: string;
  readonly expect?: string;
}

/** `posthorn audit verify`: verifies the hash chain and the signature of the audit log, of a server or in an export. */
export function addAuditVerifyCommand(audit: Command): void {
  const command = audit
    .command("verify")
    .description("verify that no entry of the audit log was changed, removed, inserted or moved");
  withJson(command, { kind: "own", schema: INTACT });
  withExitCodes(command, { 0: "the log is intact", 1: "it is not, or could not be read" });
  addClientFlags(command)
    .option("--file <file>", "verify this export, without a server")
    .option(
      "--public-key <key>",
      "public key that must have signed the head, in base64. Default: the key that the server returns",
    )
    .option("--expect <sequence:hash>", "an earlier head, which must be part of the log")
    .action(async (options: Options & Record<string, unknown>) => {
      const source =
        options.file === undefined
          ? await openExport(options as Record<string, string | undefined>)
          : createReadStream(options.file);
      await verify(source, options);
    });
}

interface FirstLine {
  readonly head: SignedAuditHead | null;
  readonly publicKeys: readonly string[];
  readonly complete: boolean;
}

async function verify(source: Readable, options: Options): Promise<void> {
  const { publicKey, expect } = options;
  const lines = createInterface({ input: source, crlfDelay: Number.POSITIVE_INFINITY });
  let first: FirstLine | null = null;
  let verifier: ChainVerifier | null = null;
  const expected = expect === undefined ? null : expectationOf(expect);
  let isFound = false;
  let number = 0;
  for await (const line of lines) {
    number++;
    if (line === "") continue;
    const value = parse(line, number);
    if (first === null || verifier === null) {
      first = firstLineOf(value);
      const { head } = first;
      verifier = new ChainVerifier({ sequence: head?.prunedSequence ?? 0, hash: head?.prunedHash ?? null });
      continue;
    }
    const entry = value as unknown as HashedAuditEntry;
    verifier.add(entry);
    if (entry.sequence === expected?.sequence && entry.hash === expected.hash) isFound = true;
  }
  if (first === null || verifier === null) throw refused("The export is empty.");
  verifier.finish(first.head, publicKey === undefined ? first.publicKeys : [publicKey]);
  const problems: { code: string; message: string }[] = verifier.problems.map(({ code, message }) => ({
    code,
    message,
  }));
  if (expected !== null && !isFound)
    problems.push({ code: "end_missing", message: `Entry ${expected.sequence} with the expected hash is missing.` });
  const head = first.head === null ? null : `${first.head.sequence}:${first.head.hash}`;
  report({ ...options }, { intact: problems.length === 0, entries: verifier.checked, problems, head }, () => {
    for (const { code, message } of problems) print(`${code}: ${message}`);
  });
  const entries = `${verifier.checked} ${verifier.checked === 1 ? "entry" : "entries"}`;
  if (problems.length > 0) throw refused(`The audit log is not intact: ${problems.length} problems in ${entries}.`);
  if (options.json === true) return;
  print(`The audit log is intact: ${entries}.`);
  if (first.head === null) return;
  const { sequence, hash, keyId, prunedSequence } = first.head;
  if (prunedSequence > 0) print(`Entries up to ${prunedSequence} were deleted by retention.`);
  print(`Head: ${sequence}:${hash}, signed with the key ${keyId} (${publicKey ?? first.publicKeys[0] ?? ""}).`);
}

function firstLineOf(value: Record<string, unknown>): FirstLine {
  if (!("head" in value) || !Array.isArray(value["publicKeys"])) {
    throw refused("This is not an export of the audit log: its first line must have the head.");
  }
  if (value["complete"] !== true) {
    throw refused("Only a complete export can be verified: export without filters, with access to all applications.");
  }
  return value as unknown as FirstLine;
}

function parse(line: string, number: number): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // Reported below.
  }
  throw refused(`Line ${number} of the export is not a JSON object.`);
}

function expectationOf(text: string): { readonly sequence: number; readonly hash: string } {
  const match = /^(\d+):([0-9a-f]{64})$/.exec(text);
  if (match === null)
    throw refused("--expect must be a sequence number and a hash, as `posthorn audit verify` prints them.");
  return { sequence: Number(match[1]), hash: match[2]! };
}

function refused(message: string): PosthornError {
  return new PosthornError("bad_request", message);
}
