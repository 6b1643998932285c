/** The two secrets of a node: from the configuration, or generated once and stored in the data folder. */
import { randomBytes } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PosthornError } from "../lib/errors.ts";
import type { Config } from "./config.ts";
import { type KeySource, parseKeySource } from "./key-source.ts";

export interface Secrets {
  /** Secret for signing HS256 tokens. */
  readonly jwtSecret: string;
  /** Root key: it encrypts the data keys, which encrypt data at rest. */
  readonly encryptionKey: KeySource;
  /** Earlier root keys, which may still encrypt data keys. */
  readonly previousKeys: readonly KeySource[];
}

const ENCRYPTION_KEY_FILE = "encryption.key";
const JWT_SECRET_FILE = "jwt.secret";
/** The secrets in the data folder, unless the settings have them. */
export const KEY_FILES = [ENCRYPTION_KEY_FILE, JWT_SECRET_FILE] as const;

type SecretSettings = Pick<Config, "dataDir" | "jwtSecret" | "encryptionKey"> &
  Partial<Pick<Config, "encryptionKeyPrevious">>;

export function loadSecrets(config: SecretSettings): Secrets {
  const jwtSecret = config.jwtSecret || keptSecret(config.dataDir, JWT_SECRET_FILE);
  const encryptionKey = parseKeySource(config.encryptionKey || keptSecret(config.dataDir, ENCRYPTION_KEY_FILE));
  return { jwtSecret, encryptionKey, previousKeys: previousKeysOf(config) };
}

/** The sources of the earlier root keys in the settings. */
export function previousKeysOf({
  encryptionKeyPrevious = [],
}: Partial<Pick<Config, "encryptionKeyPrevious">>): KeySource[] {
  return encryptionKeyPrevious.map((text) => parseKeySource(text));
}

/** Returns the root key of the setting, or of the first of these folders that has one. Does not generate one. */
export function findEncryptionKey(setting: string, folders: readonly string[]): KeySource | null {
  const folder = folders.find((candidate) => existsSync(join(candidate, ENCRYPTION_KEY_FILE)));
  if (setting === "" && folder === undefined) return null;
  return parseKeySource(setting || keptSecret(folder!, ENCRYPTION_KEY_FILE));
}

function keptSecret(folder: string, name: string): string {
  const path = join(folder, name);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!existsSync(path)) create(path);
    const secret = readFileSync(path, "utf8").trim();
    if (Buffer.from(secret, "base64").length !== 32) {
      throw new Error("it does not hold 32 bytes in base64; restore it from a backup");
    }
    return secret;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PosthornError("config_invalid", `The secret ${path} cannot be read or created: ${reason}.`, { cause });
  }
}

/** Writes to a temporary file and links it to its path, so that a crash or a second process never leaves an incomplete secret. */
function create(path: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, `${randomBytes(32).toString("base64")}\n`, { mode: 0o600, flag: "wx", flush: true });
  try {
    linkSync(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}
