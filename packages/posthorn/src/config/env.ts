/** Reads raw texts of settings from where they may stand. The only file that looks at the environment of the process. */
import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { PosthornError } from "../lib/errors.ts";
import { flagOf, type SettingKey, settings } from "./settings.ts";

export type SettingOrigin = "flag" | "environment" | "file" | "development default" | "default" | "data folder";

export interface RawSetting {
  readonly text: string;
  readonly origin: SettingOrigin;
}

export type RawSettings = { readonly [K in SettingKey]: RawSetting };

export interface SettingSources {
  /** Texts given as flags, by setting. */
  readonly flags?: Partial<Record<SettingKey, string>>;
  /** Defaults to the environment of the process. */
  readonly environment?: Record<string, string | undefined>;
  /** Path of the optional file; defaults to `POSTHORN_CONFIG` of the environment. */
  readonly file?: string | undefined;
  /** Use the defaults of the development mode. */
  readonly dev?: boolean;
}

/**
 * Gathers the text of each setting: flag, then environment, then file, then default.
 * A name that begins with `POSTHORN_` and is no setting is an error, so that a typing slip is not silently ignored.
 */
export function readEnv(sources: SettingSources = {}): RawSettings {
  const environment = sources.environment ?? process.env;
  const path = sources.file ?? environment["POSTHORN_CONFIG"];
  const file = path === undefined || path === "" ? {} : readSettingsFile(path);
  refuseUnknownNames(environment, "environment");
  refuseUnknownNames(file, `file ${path}`);
  const entries = Object.entries(settings).map(([key, setting]): [string, RawSetting] => {
    const flag = sources.flags?.[key as SettingKey];
    if (flag !== undefined) return [key, { text: flag, origin: "flag" }];
    const fromEnvironment = environment[setting.name];
    if (fromEnvironment !== undefined) return [key, { text: fromEnvironment, origin: "environment" }];
    const fromFile = file[setting.name];
    if (fromFile !== undefined) return [key, { text: fromFile, origin: "file" }];
    if (sources.dev === true && setting.devDefault !== undefined) {
      return [key, { text: setting.devDefault, origin: "development default" }];
    }
    return [key, { text: setting.default, origin: "default" }];
  });
  return Object.fromEntries(entries) as RawSettings;
}

function readSettingsFile(path: string): Record<string, string | undefined> {
  try {
    return parseEnv(readFileSync(path, "utf8"));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PosthornError("config_invalid", `The settings file ${path} cannot be read: ${reason}.`, { cause });
  }
}

/** Names that are read elsewhere than through the table of settings. */
const OTHER_NAMES = new Set(["POSTHORN_CONFIG", "POSTHORN_URL", "POSTHORN_TOKEN"]);

function refuseUnknownNames(values: Record<string, string | undefined>, where: string): void {
  const known = Object.values(settings).map((setting) => setting.name);
  for (const name of Object.keys(values)) {
    if (!name.startsWith("POSTHORN_") || OTHER_NAMES.has(name) || known.includes(name)) continue;
    const near = known.find((candidate) => candidate.replaceAll("_", "") === name.replaceAll("_", ""));
    const hint = near === undefined ? "`posthorn config` lists them all" : `did you mean ${near} (${flagOf(near)})`;
    throw new PosthornError("config_invalid", `${name} in the ${where} is not a setting of Posthorn: ${hint}.`);
  }
}

/** The server and token that the commands of the CLI talk to, when not given as flags. */
export function readClientEnv(environment: Record<string, string | undefined> = process.env): {
  readonly url: string | undefined;
  readonly token: string | undefined;
} {
  return { url: environment["POSTHORN_URL"], token: environment["POSTHORN_TOKEN"] };
}
