/** Opens the root keys that the settings describe. */
import { readFile } from "node:fs/promises";
import type { KeyEnvironment } from "../config/env.ts";
import { decodeKey, type KeySource } from "../config/key-source.ts";
import { keyUnavailable } from "./errors.ts";
import { LocalRootKey, type RootKey, type RootKeys } from "./root-key.ts";

export interface KeySources {
  readonly encryptionKey: KeySource;
  readonly previousKeys: readonly KeySource[];
}

/** Reads keys from files and commands. Services are only called when a data key is wrapped or unwrapped. */
export async function openRootKeys(
  { encryptionKey, previousKeys }: KeySources,
  environment: KeyEnvironment,
): Promise<RootKeys> {
  const keys: RootKey[] = [];
  const legacy: Buffer[] = [];
  for (const source of [encryptionKey, ...previousKeys]) {
    const opened = await openKey(source, environment);
    if (Buffer.isBuffer(opened)) legacy.push(opened);
    keys.push(Buffer.isBuffer(opened) ? new LocalRootKey(opened) : opened);
  }
  return {
    current: keys[0]!,
    find: (provider, id) => keys.find((each) => each.provider === provider && each.id === id) ?? null,
    legacy,
  };
}

/** Returns the bytes of a key that this process may have, or the key of a service. Modules of a source are loaded if it is configured. */
async function openKey(source: KeySource, { vaultToken, aws }: KeyEnvironment): Promise<Buffer | RootKey> {
  switch (source.kind) {
    case "value":
      return source.key;
    case "file":
      return decoded(await contentOf(source.path), `the file ${source.path}`);
    case "command": {
      const { outputOf } = await import("./command-key.ts");
      return decoded(await outputOf(source), `the output of the command ${source.program}`);
    }
    case "vault": {
      const { VaultRootKey } = await import("./vault.ts");
      return new VaultRootKey({ source, token: vaultToken });
    }
    case "awskms": {
      const { AwsKmsRootKey } = await import("./aws-kms.ts");
      const { awsCredentials } = await import("./aws-credentials.ts");
      const credentials = () => awsCredentials({ environment: aws, region: source.region });
      return new AwsKmsRootKey({ source, credentials, now: () => Date.now() });
    }
  }
}

async function contentOf(path: string): Promise<string> {
  return readFile(path, "utf8").catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw keyUnavailable(`The file with the encryption key cannot be read: ${reason}.`, cause);
  });
}

/** @param text Never part of the error. */
function decoded(text: string, from: string): Buffer {
  try {
    return decodeKey(text);
  } catch (cause) {
    throw keyUnavailable(`The encryption key in ${from} cannot be used: ${(cause as Error).message}.`);
  }
}
