/** Parses the settings for the sources of root keys. Pure: reads no files, and calls no service. */

/** Where a root key comes from. */
export type KeySource =
  /** The setting contains the key. */
  | { readonly kind: "value"; readonly key: Buffer }
  | { readonly kind: "file"; readonly path: string }
  /** A program that prints the key. No shell is involved. */
  | { readonly kind: "command"; readonly program: string; readonly args: readonly string[] }
  | AwsKmsSource
  | VaultSource;

/** A key of AWS KMS, which never leaves KMS. */
export interface AwsKmsSource {
  readonly kind: "awskms";
  readonly arn: string;
  readonly region: string;
  /** URL of KMS. */
  readonly endpoint: string;
}

/** A key of the Transit engine of HashiCorp Vault or OpenBao, which never leaves it. */
export interface VaultSource {
  readonly kind: "vault";
  /** URL of the server, without a path. */
  readonly address: string;
  /** Path at which the Transit engine is mounted. */
  readonly mount: string;
  readonly key: string;
  /** File with the token, read for every request; `null`: the environment variable `VAULT_TOKEN`. */
  readonly tokenFile: string | null;
  readonly namespace: string | null;
}

const KEY_BYTES = 32;
/**
 * Partition, region and ID. Aliases are refused, because one could later point to another key, which could not unwrap the data keys of this
 * one.
 */
const KMS_ARN = /^arn:(aws[a-z-]*):kms:([a-z0-9-]+):\d{12}:key\/[A-Za-z0-9-]+$/;

/** Returns the source that a text describes. Throws an error that says what is wrong, without repeating the text. */
export function parseKeySource(text: string): KeySource {
  const [, scheme = "", rest] = /^(file|command|awskms|vault):(.*)$/s.exec(text.trim()) ?? [];
  switch (scheme) {
    case "file":
      if (!rest!.startsWith("/")) throw new Error("`file:` needs an absolute path, such as file:/run/secrets/posthorn");
      return { kind: "file", path: rest! };
    case "command":
      return parseCommand(rest!);
    case "awskms":
      return parseKms(rest!);
    case "vault":
      return parseVault(rest!);
    default:
      return { kind: "value", key: decodeKey(text) };
  }
}

/** Decodes a key that was given as text. Throws if it is not a valid key. */
export function decodeKey(text: string): Buffer {
  const key = Buffer.from(text.trim(), "base64");
  if (key.length !== KEY_BYTES || !/^[A-Za-z0-9+/_-]{43}=?$/.test(text.trim())) {
    throw new Error("it is not 32 bytes in base64, such as `openssl rand -base64 32` prints");
  }
  return key;
}

function parseCommand(text: string): KeySource {
  const [program, ...args] = text.split(" ").filter((part) => part !== "");
  if (program === undefined || !program.startsWith("/")) {
    throw new Error("`command:` needs the absolute path of a program, such as command:/usr/local/bin/posthorn-key");
  }
  return { kind: "command", program, args };
}

function parseKms(text: string): KeySource {
  const [arn, parameters] = split(text, ["endpoint"]);
  const [, partition, region] = KMS_ARN.exec(arn) ?? [];
  if (region === undefined) {
    throw new Error(
      "`awskms:` needs the ARN of a key, such as awskms:arn:aws:kms:eu-central-1:111122223333:key/…; an alias is not enough",
    );
  }
  const suffix = partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
  const endpoint = parameters.get("endpoint");
  return {
    kind: "awskms",
    arn,
    region,
    endpoint: endpoint === null ? `https://kms.${region}.${suffix}/` : urlOf(endpoint, "endpoint").href,
  };
}

function parseVault(text: string): KeySource {
  const [address, parameters] = split(text, ["token_file", "namespace"]);
  const url = urlOf(address, "vault:");
  const parts = url.pathname.split("/").filter((part) => part !== "");
  const key = parts.pop();
  if (key === undefined || parts.length === 0) {
    throw new Error(
      "`vault:` needs the path of the Transit engine and the name of the key, such as vault:https://vault.example.com:8200/transit/posthorn",
    );
  }
  return {
    kind: "vault",
    address: url.origin,
    mount: parts.join("/"),
    key,
    tokenFile: parameters.get("token_file"),
    namespace: parameters.get("namespace"),
  };
}

function split(text: string, known: readonly string[]): readonly [string, URLSearchParams] {
  const at = text.indexOf("?");
  const parameters = new URLSearchParams(at === -1 ? "" : text.slice(at + 1));
  const unknown = [...parameters.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`the parameter "${unknown}" is unknown; known are ${known.join(", ")}`);
  return [at === -1 ? text : text.slice(0, at), parameters];
}

function urlOf(text: string, name: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) throw new Error(`\`${name}\` needs an http or https URL`);
  if (url.username !== "" || url.password !== "")
    throw new Error(`the URL of \`${name}\` must not contain credentials`);
  return url;
}
