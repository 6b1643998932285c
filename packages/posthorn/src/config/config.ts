/** Turns the texts of settings into a checked configuration. Pure: reads no file and no environment. */
import { resolve } from "node:path";
import { PosthornError } from "../errors.ts";
import type { RawSettings, SettingOrigin } from "./env.ts";
import { type SettingKey, type SettingValues, settings } from "./settings.ts";

/** A checked configuration. Durations are in milliseconds; secrets may still be empty (see `secrets.ts`). */
export interface Config extends Omit<
  SettingValues,
  "requestTimeout" | "maxRequestTimeout" | "shutdownTimeout" | "databaseUrl"
> {
  readonly requestTimeoutMs: number;
  /** At least `requestTimeoutMs`. */
  readonly maxRequestTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
  /** Absolute path of the SQLite file. */
  readonly databasePath: string;
}

/** What `posthorn config` prints for one setting. */
export interface DescribedSetting {
  readonly name: string;
  readonly value: string;
  readonly origin: SettingOrigin;
  readonly help: string;
}

const MIN_JWT_SECRET_LENGTH = 32;
const ENCRYPTION_KEY_BYTES = 32;

/** Checks all settings. The first wrong one throws a `config_invalid` error of one sentence that names it. */
export function envToConfig(raw: RawSettings): Config {
  const values = Object.fromEntries(
    Object.entries(settings).map(([key, setting]) => {
      try {
        return [key, setting.parse(raw[key as SettingKey].text)];
      } catch (cause) {
        throw wrong(setting.name, cause instanceof Error ? cause.message : String(cause));
      }
    }),
  ) as unknown as SettingValues;
  checkSecrets(values);
  checkRetention(values);
  const { requestTimeout, maxRequestTimeout, shutdownTimeout, databaseUrl, ...rest } = values;
  const dataDir = resolve(values.dataDir);
  return {
    ...rest,
    dataDir,
    publicUrl: checkPublicUrl(values.publicUrl),
    databasePath: databasePath(databaseUrl, dataDir),
    requestTimeoutMs: Math.round(requestTimeout * 1000),
    maxRequestTimeoutMs: Math.round(Math.max(requestTimeout, maxRequestTimeout) * 1000),
    shutdownTimeoutMs: Math.round(shutdownTimeout * 1000),
  };
}

/** Describes every setting for people. Secrets are masked. */
export function describeSettings(raw: RawSettings): readonly DescribedSetting[] {
  return Object.entries(settings).map(([key, setting]) => {
    const { text, origin } = raw[key as SettingKey];
    const { name, help } = setting;
    if (!("secret" in setting)) return { name, value: text, origin, help };
    if (text !== "") return { name, value: "********", origin, help };
    return "made" in setting
      ? { name, value: "********", origin: "data folder", help }
      : { name, value: "", origin, help };
  });
}

function checkSecrets({ jwtSecret, encryptionKey }: SettingValues): void {
  if (jwtSecret !== "" && jwtSecret.length < MIN_JWT_SECRET_LENGTH) {
    throw wrong(
      settings.jwtSecret.name,
      `it has ${jwtSecret.length} characters and needs at least ${MIN_JWT_SECRET_LENGTH}`,
    );
  }
  if (encryptionKey !== "" && Buffer.from(encryptionKey, "base64").length !== ENCRYPTION_KEY_BYTES) {
    throw wrong(settings.encryptionKey.name, "it is not 32 bytes in base64, such as `openssl rand -base64 32` prints");
  }
}

function checkRetention({ attemptRetentionDays, failureRetentionDays }: SettingValues): void {
  if (failureRetentionDays >= attemptRetentionDays) return;
  throw wrong(
    settings.failureRetentionDays.name,
    `failures are kept at least as long as attempts, ${attemptRetentionDays} days (${settings.attemptRetentionDays.name})`,
  );
}

function checkPublicUrl(text: string): string {
  if (text === "") return "";
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw wrong(settings.publicUrl.name, `"${text}" is not an http or https URL`);
  return text.replace(/\/+$/, "");
}

function databasePath(url: string, dataDir: string): string {
  if (url === "") return resolve(dataDir, "posthorn.db");
  const path = /^sqlite:(?:\/\/)?(.+)$/.exec(url)?.[1];
  if (path === undefined) throw wrong(settings.databaseUrl.name, "this version stores in SQLite only, as sqlite:path");
  return resolve(path);
}

function wrong(name: string, reason: string): PosthornError {
  return new PosthornError("config_invalid", `${name} is wrong: ${reason.replace(/\.$/, "")}.`);
}
