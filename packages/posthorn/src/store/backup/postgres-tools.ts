/** Runs `pg_dump` and `pg_restore`. The password is never an argument, which other users of the machine can see. */
import { spawn } from "node:child_process";
import { StoreError } from "../errors.ts";

type ToolName = "pg_dump" | "pg_restore";

export interface ToolOptions {
  /** Name or path of the program. */
  readonly program: string;
  /** Environment of the program, to which the password is added. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const MAX_ERROR_TEXT = 2000;
/** Parameters of a URL that libpq knows, and that matter for a dump. */
const LIBPQ = new Set([
  "sslmode",
  "sslrootcert",
  "sslcert",
  "sslkey",
  "sslcrl",
  "sslnegotiation",
  "channel_binding",
  "host",
  "port",
]);

/** Connection of a tool: a URL without the password, and the variables that have it. */
export interface ToolConnection {
  readonly url: string;
  readonly variables: Readonly<Record<string, string>>;
}

/** @param url Of one server. */
export function toolConnection(url: string): ToolConnection {
  const parsed = new URL(url);
  const password = decodeURIComponent(parsed.password) || parsed.searchParams.get("password") || "";
  parsed.password = "";
  const names = Array.from(parsed.searchParams.keys());
  for (const name of names) if (!LIBPQ.has(name)) parsed.searchParams.delete(name);
  // Specific to `pg`: encrypts without checking the certificate, as `require` does in libpq.
  if (parsed.searchParams.get("sslmode") === "no-verify") parsed.searchParams.set("sslmode", "require");
  return { url: parsed.href, variables: password === "" ? {} : { PGPASSWORD: password } };
}

/** Returns the major version of a tool. Throws `backup_refused` if it cannot be run. */
export async function toolVersion(name: ToolName, options: ToolOptions): Promise<number> {
  const text = await runTool(name, ["--version"], options);
  const version = /(\d+)(?:\.\d+)*/.exec(text)?.[1];
  if (version === undefined) throw refused(`${options.program} is not ${name}: it prints no version.`);
  return Number(version);
}

/** Throws `backup_refused` if the tool is older than the server, because it refuses to work or loses data then. */
export async function requireTool(name: ToolName, server: number, options: ToolOptions): Promise<void> {
  const version = await toolVersion(name, options);
  if (version >= server) return;
  throw refused(
    `${options.program} has version ${version}, and the server has PostgreSQL ${server}. Install ${name} ${server} or later, and name it with --${name.replace("_", "-")}.`,
  );
}

/** Runs a tool and returns what it printed. Throws with its error output. */
export function runTool(
  name: ToolName,
  args: readonly string[],
  { program, environment, variables = {} }: ToolOptions & { readonly variables?: Readonly<Record<string, string>> },
): Promise<string> {
  return new Promise((resolve, reject) => {
    // English messages, so that they can be looked up.
    const env = { ...environment, LC_ALL: "C", ...variables };
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env });
    let [output, errors] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-MAX_ERROR_TEXT)));
    child.on("error", (error: NodeJS.ErrnoException) =>
      reject(
        refused(
          error.code === "ENOENT"
            ? `${program} was not found. Install the PostgreSQL client programs, or name the program with --${name.replace("_", "-")}.`
            : `${program} cannot be started: ${error.message}.`,
        ),
      ),
    );
    child.on("close", (code, signal) => {
      if (code === 0) return resolve(output);
      const end = code === null ? `was ended by ${signal ?? "a signal"}` : `failed with exit code ${code}`;
      reject(refused(`${program} ${end}: ${errors.trim()}`));
    });
  });
}

function refused(message: string): StoreError {
  return new StoreError("backup_refused", message);
}
