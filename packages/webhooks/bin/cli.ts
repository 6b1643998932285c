import { parseArgs } from "node:util";
import { generateKeyPair, generateSecret } from "@posthorn/webhooks";
import { providers } from "@posthorn/webhooks/providers";
import { UsageError, verifyCommand } from "./verify-command.ts";
import type { Terminal } from "./terminal.ts";

const USAGE = `Usage: webhooks <command>

  verify --provider <id> --secret <secret> [file]   says whether a captured request verifies, and if not, why
  providers                                         lists the providers
  keygen [--ed25519]                                makes a secret, or a pair of keys

The request is read from the file or from standard input: request line, headers, an empty line, the body as it came.

Options of verify:
  --provider <id>          a provider, or "standard" for Standard Webhooks (the default)
  --secret <secret>        may be repeated; --secret-file <path> keeps it off the command line
  --public-key <key>       PEM, Base64 or JSON Web Key, for providers that sign with one
  --config <name=value>    a setting that the request does not carry; may be repeated
  --other <name=secret>    the secret of another environment, to see if it fits; may be repeated
  --url <url>              the public URL that the sender called
  --at <time>              the time to verify at, ISO 8601 or Unix seconds (default: now)
  --any-time               does not look at the time
  --json                   prints the result as JSON

Exit status: 0 verified, 1 not verified, 2 wrong usage.
`;

/** Runs one command and gives the exit status. */
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
        throw new UsageError("Name a command.");
      default:
        throw new UsageError(`There is no command ${command}.`);
    }
  } catch (error) {
    // parseArgs throws TypeErrors with readable messages.
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
