import { hostname } from "node:os";
import type { Command } from "commander";
import { readClientEnv } from "../../config/env.ts";
import { PosthornError } from "../../lib/errors.ts";
import { call } from "../client.ts";
import { report, withExamples, withJson } from "../help.ts";
import { print, printNote } from "../output.ts";
import { profilesPath, readProfiles, writeProfiles } from "../profile/profiles.ts";
import type { Flags } from "../remote/api.ts";
import { textOf } from "../remote/values.ts";
import { DELETED, PROFILES, SIGNED_IN } from "../json.ts";
import { signInWithCode } from "./device-code.ts";

const DEFAULT_URL = "http://127.0.0.1:8071";
const DEFAULT_PROFILE = "default";

/** `posthorn login`: signs in, and stores the server and its token. */
export function addLoginCommand(program: Command): void {
  const command = withJson(
    program.command("login").description("sign in to a server, and store its token for other commands"),
    { kind: "own", schema: SIGNED_IN },
  )
    .option("--url <url>", `server, such as https://hooks.example.com (default: POSTHORN_URL, or ${DEFAULT_URL})`)
    .option("--profile <name>", "name of the server in other commands", DEFAULT_PROFILE)
    .option(
      "--with-token <token>",
      "store this token instead of signing in: @ and the name of a file, or - for standard input",
    );
  withExamples(
    command,
    ["posthorn login --url https://hooks.example.com", "shows a code to confirm in the browser"],
    ["posthorn login --profile staging --with-token - < token.txt", "stores a token, for example of a key"],
  );
  command.action(async (flags: Flags) => {
    const url = normalised((flags["url"] as string | undefined) ?? readClientEnv().url ?? DEFAULT_URL);
    const profile = String(flags["profile"]);
    const given = flags["withToken"] as string | undefined;
    const token =
      given === undefined
        ? await signInWithCode({ url, client: `posthorn on ${hostname()}`, show: printNote })
        : textOf(given).trim();
    // Refused tokens are not stored.
    await call({ url, token }, "GET", "/api/v1/app?limit=1");
    const { profiles } = readProfiles();
    writeProfiles({ current: profile, profiles: { ...profiles, [profile]: { url, token } } });
    const file = profilesPath();
    report(flags, { profile, url, file }, `Signed in to ${url} as profile "${profile}". The token is in ${file}.`);
  });
}

/** `posthorn logout`: deletes a stored token. */
export function addLogoutCommand(program: Command): void {
  const command = withJson(program.command("logout").description("delete the stored token of a server"), {
    kind: "own",
    schema: DELETED,
  }).option("--profile <name>", "name of the server (default: the current one)");
  withExamples(command, ["posthorn logout --profile staging", "forgets a server"]);
  command.action((flags: Flags) => {
    const { current, profiles } = readProfiles();
    const name = (flags["profile"] as string | undefined) ?? current;
    if (name === null || !Object.hasOwn(profiles, name))
      throw new PosthornError("not_found", `There is no profile ${name === null ? "" : `"${name}" `}to delete.`);
    const { [name]: _, ...others } = profiles;
    writeProfiles({ current: current === name ? (Object.keys(others)[0] ?? null) : current, profiles: others });
    report(
      flags,
      { id: name, deleted: true },
      `Deleted the profile "${name}". Its session ends when it expires, or in the dashboard.`,
    );
  });
}

/** `posthorn profiles`: lists servers, or chooses the current one. */
export function addProfilesCommand(program: Command): void {
  const command = withJson(
    program.command("profiles").description("list the servers that you signed in to, or choose the current one"),
    { kind: "own", schema: PROFILES },
  ).argument("[name]", "profile to use from now on");
  withExamples(command, ["posthorn profiles staging", "uses this server in all commands without --profile"]);
  command.action((name: string | undefined, flags: Flags) => {
    const { current, profiles } = readProfiles();
    if (name !== undefined && !Object.hasOwn(profiles, name))
      throw new PosthornError("not_found", `There is no profile "${name}".`);
    if (name !== undefined) writeProfiles({ current: name, profiles });
    const chosen = name ?? current;
    const known = Object.entries(profiles).map(([one, { url }]) => ({ name: one, url }));
    report(flags, { current: chosen, profiles: known }, () => {
      for (const { name: one, url } of known) print(`${one === chosen ? "*" : " "} ${one}  ${url}`);
    });
  });
}

function normalised(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new PosthornError("bad_request", `"${text}" is not an http or https URL.`);
  return url.href.replace(/\/$/, "");
}
