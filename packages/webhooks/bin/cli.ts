import { parseArgs } from "node:util";
import { generateKeyPair, generateSecret } from "@posthorn/webhooks";
import { providers } from "@posthorn/webhooks/providers";
import type { Terminal } from "./terminal.ts";
import { UsageError, verifyCommand } from "./verify-command.ts";

const USAGE = `Usage: webhooks <command>

  verify --provider <id> --secret <secret> [file]   verifies a captured request and explains a failure
  providers                                         lists the providers
  keygen [--ed25519]                                generates a secret, or a key pair

The request is read from the file or from standard input: request line, headers, an empty line, the raw body.

Options of verify:
  --provider <id>          a provider, or "standard" for Standard Webhooks (the default)
  --secret <secret>        may be repeated; --secret-file <path> reads it from a file
  --public-key <key>       PEM, Base64 or JSON Web Key, for providers that sign with one
  --config <name=value>    a setting of the provider; may be repeated
  --other <name=secret>    the secret of another environment, to detect that it matches; may be repeated
  --url <url>              the public URL that the sender called
  --at <time>              the time of verification, ISO 8601 or Unix seconds (default: now)
  --any-time               ignores timestamps
  --json                   prints the result as JSON

Exit status: 0 verified, 1 not verified, 2 usage error.
`;

/** Runs one command and returns the exit status. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const [command, ...rest] = argv;
  try {
    switch (command) {
      case "verify":
        return await verifyCommand(rest, terminal);
      case "providers":
        for (const { id, name } of Object.values(providers)) terminal.out(`${id.padEnd(28)}${name}\n`);
        return 0;
      case "keygen":
        return await keygen(rest, terminal);
      case "help":
      case "--help":
      case "-h":
        terminal.out(USAGE);
        return 0;
      case undefined:
        throw new UsageError("Enter a command.");
      default:
        throw new UsageError(`Unknown command: ${command}.`);
    }
  } catch (error) {
    // parseArgs throws a TypeError with a readable message.
    if (!(error instanceof UsageError || error instanceof TypeError)) throw error;
    terminal.err(`${error.message}\nSee: webhooks help\n`);
    return 2;
  }
}

async function keygen(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { ed25519: { type: "boolean" } } });
  if (values.ed25519 !== true) {
    terminal.out(`${generateSecret()}\n`);
    return 0;
  }
  const { secretKey, publicKey } = await generateKeyPair();
  terminal.out(`${secretKey}\n${publicKey}\n`);
  return 0;
}
