/** Reads the raw settings from their sources. The only file that reads the environment of the process. */
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
  /** Values of flags, by setting. */
  readonly flags?: Partial<Record<SettingKey, string>>;
  /** Default: the environment of the process. */
  readonly environment?: Record<string, string | undefined>;
  /** Path of an optional settings file. Default: `POSTHORN_CONFIG` of the environment. */
  readonly file?: string | undefined;
  /** Use the defaults of development mode. */
  readonly dev?: boolean;
}

/**
 * Reads the value of each setting, in this order of precedence: flag, environment, file, default. An unknown name that begins with
 * `POSTHORN_` is an error, so that a typo is not silently ignored.
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

/** Variables that are not settings and are read elsewhere. */
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

/** Default server URL and token of CLI commands, used if the flags are absent. */
export function readClientEnv(environment: Record<string, string | undefined> = process.env): {
  readonly url: string | undefined;
  readonly token: string | undefined;
  /** Profile of `posthorn login`. */
  readonly profile: string | undefined;
  /** Folder for settings of users. */
  readonly configHome: string | undefined;
} {
  return {
    url: environment["POSTHORN_URL"],
    token: environment["POSTHORN_TOKEN"],
    profile: environment["POSTHORN_PROFILE"],
    configHome: environment["XDG_CONFIG_HOME"],
  };
}

/** The environment of this process, for programs that it starts. */
export function readToolEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}

/** Variables that key management services and their SDKs define. Those that are not set are `null`. */
export interface KeyEnvironment {
  readonly vaultToken: string | null;
  readonly aws: {
    readonly accessKeyId: string | null;
    readonly secretAccessKey: string | null;
    readonly sessionToken: string | null;
    readonly webIdentityTokenFile: string | null;
    readonly roleArn: string | null;
    readonly roleSessionName: string | null;
    readonly stsUrl: string | null;
    readonly containerUri: string | null;
    readonly containerRelativeUri: string | null;
    readonly containerToken: string | null;
    readonly containerTokenFile: string | null;
    readonly metadataAddress: string | null;
    readonly metadataDisabled: boolean;
  };
}

/** Reads the credentials for the service that holds the root key. */
export function readKeyEnvironment(environment: Record<string, string | undefined> = process.env): KeyEnvironment {
  const read = (name: string): string | null => environment[name] || null;
  return {
    vaultToken: read("VAULT_TOKEN"),
    aws: {
      accessKeyId: read("AWS_ACCESS_KEY_ID"),
      secretAccessKey: read("AWS_SECRET_ACCESS_KEY"),
      sessionToken: read("AWS_SESSION_TOKEN"),
      webIdentityTokenFile: read("AWS_WEB_IDENTITY_TOKEN_FILE"),
      roleArn: read("AWS_ROLE_ARN"),
      roleSessionName: read("AWS_ROLE_SESSION_NAME"),
      stsUrl: read("AWS_ENDPOINT_URL_STS"),
      containerUri: read("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
      containerRelativeUri: read("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
      containerToken: read("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
      containerTokenFile: read("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
      metadataAddress: read("AWS_EC2_METADATA_SERVICE_ENDPOINT"),
      metadataDisabled: read("AWS_EC2_METADATA_DISABLED") === "true",
    },
  };
}
