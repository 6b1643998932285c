/** Servers that this user has signed in to: a file that only the user can read. */
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { readClientEnv } from "../../config/env.ts";
import { PosthornError } from "../../lib/errors.ts";

export interface Profile {
  readonly url: string;
  readonly token: string;
}

export interface Profiles {
  /** Used without `--profile`; `null`: none. */
  readonly current: string | null;
  readonly profiles: Readonly<Record<string, Profile>>;
}

const EMPTY: Profiles = { current: null, profiles: {} };

/** Path of the file: in the folder for settings of the XDG base directory specification. */
export function profilesPath(): string {
  const { configHome } = readClientEnv();
  return join(configHome ?? join(homedir(), ".config"), "posthorn", "config.json");
}

export function readProfiles(): Profiles {
  let text: string;
  try {
    text = readFileSync(profilesPath(), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return EMPTY;
    throw new PosthornError("config_invalid", `${profilesPath()} cannot be read: ${String(error)}`, { cause: error });
  }
  try {
    const { current = null, profiles = {} } = JSON.parse(text) as Partial<Profiles>;
    return { current, profiles };
  } catch (cause) {
    throw new PosthornError("config_invalid", `${profilesPath()} is not valid JSON. Correct it, or delete it.`, {
      cause,
    });
  }
}

/** Replaces the file at once, so that a crash leaves the old or the new one. */
export function writeProfiles(profiles: Profiles): void {
  const path = profilesPath();
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(profiles, null, 2)}\n`, { mode: 0o600 });
  chmodSync(temporary, 0o600);
  renameSync(temporary, path);
}

/** The profile with this name, or the current one; `null`: there is none. Throws for a name that does not exist. */
export function profileNamed(name: string | undefined): Profile | null {
  const { current, profiles } = readProfiles();
  const wanted = name ?? current;
  if (wanted === null) return null;
  if (Object.hasOwn(profiles, wanted)) return profiles[wanted]!;
  if (name === undefined) return null;
  const known = Object.keys(profiles).join(", ") || "none";
  throw new PosthornError(
    "not_found",
    `There is no profile "${name}". Profiles: ${known}. \`posthorn login --profile ${name}\` creates it.`,
  );
}
