/** Converts the raw settings to a validated configuration. Pure: reads no files and no environment. */
import { resolve } from "node:path";
import { authorityOf } from "../lib/authority.ts";
import { PosthornError } from "../lib/errors.ts";
import type { RawSettings, SettingOrigin } from "./env.ts";
import { parseKeySource } from "./key-source.ts";
import { serverUrls } from "../store/postgres/server-urls.ts";
import { type SettingKey, type SettingValues, settings } from "./settings.ts";
import { type TelemetryConfig, telemetryOf } from "./telemetry.ts";
import type { telemetrySettings } from "./settings/telemetry.ts";

/** Validated configuration. Durations are in milliseconds. Secrets may still be empty; see `secrets.ts`. */
export interface Config extends Omit<
  SettingValues,
  | "requestTimeout"
  | "maxRequestTimeout"
  | "shutdownTimeout"
  | "databaseUrl"
  | "databaseDirectUrl"
  | "databaseConnections"
  | "databaseTimeout"
  | "databaseWait"
  | "traceSlow"
  | keyof typeof telemetrySettings
> {
  readonly requestTimeoutMs: number;
  /** At least `requestTimeoutMs`. */
  readonly maxRequestTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
  /** How long startup waits for an unavailable database. */
  readonly databaseWaitMs: number;
  readonly database: DatabaseConfig;
  /** `null`: OpenTelemetry is off. */
  readonly telemetry: TelemetryConfig | null;
  /** Duration from which an attempt counts as slow. */
  readonly traceSlowMs: number;
}

export type DatabaseConfig =
  /** `path`: absolute path of the database file. */
  | { readonly kind: "sqlite"; readonly path: string }
  /** `directUrl`: the same database without a connection pooler; `null`: `url` does not use one. */
  | {
      readonly kind: "postgres";
      readonly url: string;
      readonly directUrl: string | null;
      readonly connections: number;
      /** How long the database may take to respond. */
      readonly timeoutMs: number;
    };

/** Output of `posthorn config` for one setting. */
export interface DescribedSetting {
  readonly name: string;
  readonly value: string;
  readonly origin: SettingOrigin;
  readonly help: string;
}

const MIN_JWT_SECRET_LENGTH = 32;

/** Validates all settings. For the first invalid one it throws a `config_invalid` error that names it. */
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
  checkSmtp(values);
  checkMail(values);
  const { requestTimeout, maxRequestTimeout, shutdownTimeout, ...others } = values;
  const {
    databaseUrl,
    databaseDirectUrl: directUrl,
    databaseConnections,
    databaseTimeout,
    databaseWait,
    ...rest
  } = others;
  const dataDir = resolve(values.dataDir);
  return {
    ...rest,
    dataDir,
    publicUrl: checkPublicUrl(values.publicUrl),
    ingestUrl: checkIngestUrl(values),
    database: parseDatabase(databaseUrl, {
      dataDir,
      directUrl,
      connections: databaseConnections,
      timeoutMs: Math.round(databaseTimeout * 1000),
    }),
    telemetry: telemetryOf(values),
    traceSlowMs: Math.round(values.traceSlow * 1000),
    requestTimeoutMs: Math.round(requestTimeout * 1000),
    maxRequestTimeoutMs: Math.round(Math.max(requestTimeout, maxRequestTimeout) * 1000),
    databaseWaitMs: Math.round(databaseWait * 1000),
    shutdownTimeoutMs: Math.round(shutdownTimeout * 1000),
  };
}

/** Describes every setting for output, with secrets masked. */
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

function checkSecrets({ jwtSecret, encryptionKey, encryptionKeyPrevious }: SettingValues): void {
  if (jwtSecret !== "" && jwtSecret.length < MIN_JWT_SECRET_LENGTH) {
    throw wrong(
      settings.jwtSecret.name,
      `it has ${jwtSecret.length} characters and needs at least ${MIN_JWT_SECRET_LENGTH}`,
    );
  }
  if (encryptionKey !== "") checkKey(settings.encryptionKey.name, encryptionKey);
  for (const key of encryptionKeyPrevious) checkKey(settings.encryptionKeyPrevious.name, key);
}

function checkKey(name: string, text: string): void {
  try {
    parseKeySource(text);
  } catch (error) {
    throw wrong(name, (error as Error).message);
  }
}

function checkRetention({ attemptRetentionDays, failureRetentionDays }: SettingValues): void {
  if (failureRetentionDays >= attemptRetentionDays) return;
  throw wrong(
    settings.failureRetentionDays.name,
    `failures are kept at least as long as attempts, ${attemptRetentionDays} days (${settings.attemptRetentionDays.name})`,
  );
}

function checkSmtp({ smtpListen, smtpDomain, smtpTlsCert, smtpTlsKey }: SettingValues): void {
  if (smtpListen !== null && smtpDomain === "") {
    throw wrong(settings.smtpDomain.name, `it is empty, and ${settings.smtpListen.name} needs it`);
  }
  if ((smtpTlsCert === "") === (smtpTlsKey === "")) return;
  const [missing, given] =
    smtpTlsCert === "" ? (["smtpTlsCert", "smtpTlsKey"] as const) : (["smtpTlsKey", "smtpTlsCert"] as const);
  throw wrong(settings[missing].name, `it is empty, and ${settings[given].name} needs it`);
}

function checkMail({ mailUrl, mailFrom }: SettingValues): void {
  if (mailUrl !== null && mailFrom === "") {
    throw wrong(settings.mailFrom.name, `it is empty, and ${settings.mailUrl.name} needs it`);
  }
}

function checkPublicUrl(text: string): string {
  if (text === "") return "";
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw wrong(settings.publicUrl.name, `"${text}" is not an http or https URL`);
  return text.replace(/\/+$/, "");
}

/** The origin for inbound webhooks; empty: the same as that of the pages. */
function checkIngestUrl({ ingestUrl, publicUrl, listen }: SettingValues): string {
  if (ingestUrl === "") return "";
  const { name } = settings.ingestUrl;
  const url = URL.parse(ingestUrl);
  if (url === null || !/^https?:\/\/[^/\\*]+\/?$/i.test(ingestUrl) || url.href !== `${url.origin}/`) {
    throw wrong(
      name,
      `"${ingestUrl}" is not an origin such as https://hooks.example.com, without a path, query or user`,
    );
  }
  const shared = publicUrl === "" ? `http://${hostOf(listen)}:${listen.port}` : publicUrl;
  if (sharesHost(url, new URL(shared))) {
    throw wrong(name, `it has the host and port of ${shared}, and must be another origin`);
  }
  return url.origin;
}

/** Whether requests to the two can have the same `Host` header, which does not include the scheme. */
function sharesHost(one: URL, other: URL): boolean {
  const hosts = ({ host }: URL): Set<string | null> =>
    new Set(["http:", "https:"].map((scheme) => authorityOf(host, scheme)));
  return [...hosts(one)].some((host) => hosts(other).has(host));
}

function hostOf({ host }: { readonly host: string }): string {
  return host.includes(":") ? `[${host}]` : host;
}

interface DatabaseContext {
  readonly dataDir: string;
  readonly directUrl: string;
  readonly connections: number;
  /** Default: the default of the setting `databaseTimeout`. */
  readonly timeoutMs?: number;
  /** Name of the value in error messages. */
  readonly name?: string;
}

const POSTGRES_URL = /^postgres(?:ql)?:\/\//;

/** Parses the database location. `text` empty: SQLite in the data folder. */
export function parseDatabase(text: string, context: DatabaseContext): DatabaseConfig {
  const { dataDir, directUrl, connections, name = settings.databaseUrl.name } = context;
  const { timeoutMs = settings.databaseTimeout.parse(settings.databaseTimeout.default) * 1000 } = context;
  if (POSTGRES_URL.test(text)) {
    checkServers(name, text);
    if (directUrl !== "") checkServers(settings.databaseDirectUrl.name, directUrl);
    return { kind: "postgres", url: text, directUrl: directUrl === "" ? null : directUrl, connections, timeoutMs };
  }
  if (directUrl !== "") throw wrong(settings.databaseDirectUrl.name, "it is for PostgreSQL behind a pooler only");
  if (text === "") return { kind: "sqlite", path: resolve(dataDir, "posthorn.db") };
  const path = /^sqlite:(?:\/\/)?(.+)$/.exec(text)?.[1];
  if (path === undefined) throw wrong(name, "it is neither sqlite:path nor postgres://…");
  return { kind: "sqlite", path: resolve(path) };
}

function checkServers(name: string, url: string): void {
  try {
    serverUrls(url);
  } catch (cause) {
    throw wrong(name, (cause as Error).message);
  }
}

function wrong(name: string, reason: string): PosthornError {
  return new PosthornError("config_invalid", `${name} is wrong: ${reason.replace(/\.$/, "")}.`);
}
