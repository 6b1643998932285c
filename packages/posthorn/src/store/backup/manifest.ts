/** Manifest of a backup: what it contains, what wrote it, and what a restore needs. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { canonicalJson } from "../../lib/canonical-json.ts";
import { StoreError } from "../errors.ts";

/** Format of the folder. A version that changes its meaning gets another number. */
const FORMAT = 1;
export const MANIFEST = "manifest.json";

export interface BackupFile {
  /** Below the folder of the backup. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface BackupMigration {
  readonly name: string;
  readonly checksum: string;
}

/** A data key in the database, and the root key that encrypts it. Without this root key, the secrets cannot be read. */
export interface BackupKey {
  readonly id: number;
  /** Kind of the root key, such as `local`. */
  readonly provider: string;
  /** Identifies the root key. Says nothing about its value. */
  readonly root: string;
  /** The data key, encrypted with the root key, in base64. A restore opens it to check the root key. */
  readonly wrapped: string;
}

export interface BackupContent {
  readonly database: "sqlite" | "postgres";
  /** Version of the database software. */
  readonly databaseVersion: string;
  /** The moment of the backup, in Unix milliseconds: everything that was accepted before is in it. */
  readonly at: number;
  /** Migrations that had been applied. */
  readonly migrations: readonly BackupMigration[];
  /** Rows by table. */
  readonly tables: Readonly<Record<string, number>>;
  readonly keys: readonly BackupKey[];
}

export interface Manifest extends Omit<BackupContent, "at"> {
  readonly format: number;
  /** Version of Posthorn that made the backup. */
  readonly version: string;
  readonly at: string;
  readonly schema: number;
  readonly files: readonly BackupFile[];
  /** Whether `encryption.key` and `jwt.secret` are in the backup. */
  readonly includesKeys: boolean;
  /** SHA-256 of the canonical JSON of everything else. */
  readonly checksum: string;
}

export interface ManifestParts {
  readonly content: BackupContent;
  readonly version: string;
  readonly files: readonly BackupFile[];
  readonly includesKeys: boolean;
}

export function toManifest({ content, ...parts }: ManifestParts): Manifest {
  const rest = {
    format: FORMAT,
    ...parts,
    ...content,
    at: new Date(content.at).toISOString(),
    schema: content.migrations.length,
  };
  return { ...rest, checksum: checksumOf(rest) };
}

/** Reads and checks a manifest. Throws `backup_invalid` if it is missing, damaged or of a later format. */
export function readManifest(folder: string): Manifest {
  const manifest = parse(folder);
  if (typeof manifest !== "object" || manifest === null) throw damaged(folder);
  const { checksum, ...rest } = manifest as Manifest;
  if (Number.isInteger(rest.format) && rest.format > FORMAT) {
    throw new StoreError(
      "schema_too_new",
      `The backup ${folder} was made by Posthorn ${rest.version} in a format that this version does not support. Use that version or a later one.`,
    );
  }
  if (rest.format !== FORMAT || checksum !== checksumOf(rest)) throw damaged(folder);
  return manifest as Manifest;
}

function parse(folder: string): unknown {
  const path = join(folder, MANIFEST);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const isMissing = code === "ENOENT" || code === "ENOTDIR";
    throw new StoreError(
      "backup_invalid",
      isMissing
        ? `${folder} is not a backup of Posthorn: it has no ${MANIFEST}. A backup is the folder that \`posthorn backup\` wrote.`
        : `The backup ${folder} cannot be read: ${message}.`,
      { cause },
    );
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw damaged(folder, cause);
  }
}

function damaged(folder: string, cause?: unknown): StoreError {
  return new StoreError(
    "backup_invalid",
    `The backup ${folder} is damaged: its ${MANIFEST} was changed or is incomplete. Use another backup.`,
    { cause },
  );
}

function checksumOf(rest: object): string {
  return createHash("sha256").update(canonicalJson(rest)).digest("hex");
}
