/** Root keys that a backup needs. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../../config/config.ts";
import { readKeyEnvironment } from "../../config/env.ts";
import { findEncryptionKey, KEY_FILES, previousKeysOf } from "../../config/secrets.ts";
import { unwrap } from "../../encryption/keyring.ts";
import { openRootKeys } from "../../encryption/open-root-keys.ts";
import { PosthornError } from "../../lib/errors.ts";
import type { BackupKey, Manifest } from "../../store/backup/manifest.ts";

/** Names of the root keys that encrypt the data keys in a backup. */
export function rootKeysOf({ keys }: Pick<Manifest, "keys">): readonly string[] {
  return [...new Set(keys.map(({ provider, root }) => `${provider}:${root}`))];
}

/**
 * Throws `restore_refused` unless the server has the root keys of the backup: in its settings, in its data folder, or in the backup. Opens
 * every data key.
 */
export async function requireKeys(config: Config, folder: string, manifest: Manifest): Promise<void> {
  const { keys } = manifest;
  if (keys.length === 0) return;
  const source = findEncryptionKey(config.encryptionKey, [config.dataDir, ...(manifest.includesKeys ? [folder] : [])]);
  const needed = rootKeysOf(manifest).join(", ");
  if (source === null) {
    throw new PosthornError(
      "restore_refused",
      `The backup needs the root key ${needed}, which is not in it. Copy encryption.key and jwt.secret of the original server to ${config.dataDir}, or set POSTHORN_ENCRYPTION_KEY and POSTHORN_JWT_SECRET.`,
    );
  }
  const roots = await openRootKeys(
    { encryptionKey: source, previousKeys: previousKeysOf(config) },
    readKeyEnvironment(),
  );
  for (const key of keys) {
    await unwrap(roots, toRow(key, manifest)).catch((cause: unknown) => {
      throw new PosthornError(
        "restore_refused",
        `The backup needs the root key ${needed}, and this server has ${roots.current.provider}:${roots.current.id}. Without the right key, the secrets in the backup cannot be read. Set POSTHORN_ENCRYPTION_KEY, or put the right encryption.key into ${config.dataDir}.`,
        { cause },
      );
    });
  }
}

function toRow({ wrapped, ...key }: BackupKey, { at }: Manifest): Parameters<typeof unwrap>[1] {
  const times = { created_at: Date.parse(at), sealing_at: null, destroyed_at: null };
  return { ...key, ...times, state: "opening", wrapped: Buffer.from(wrapped, "base64") };
}

/** The key files in the backup that the server needs and does not have. */
export function missingKeyFiles(config: Config, { includesKeys, files }: Manifest): readonly string[] {
  if (!includesKeys) return [];
  const inSettings = { "encryption.key": config.encryptionKey !== "", "jwt.secret": config.jwtSecret !== "" };
  return KEY_FILES.filter(
    (file) => !inSettings[file] && files.some(({ path }) => path === file) && !existsSync(join(config.dataDir, file)),
  );
}
