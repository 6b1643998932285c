/** Root key in the Transit engine of HashiCorp Vault or OpenBao. */
import { readFile } from "node:fs/promises";
import type { VaultSource } from "../config/key-source.ts";
import { keyUnavailable } from "./errors.ts";
import type { RootKey } from "./root-key.ts";
import { callService, jsonOf, type ServiceLimits } from "./service-client.ts";

export interface VaultOptions {
  readonly source: VaultSource;
  /** Token of the environment; `null`: none. A token file comes first. */
  readonly token: string | null;
  readonly limits?: ServiceLimits;
}

/** Wraps data keys by `encrypt` and `decrypt` of the Transit engine, with the context as associated data. The key needs an AEAD type. */
export class VaultRootKey implements RootKey {
  readonly provider = "vault";
  readonly id: string;
  readonly #options: VaultOptions;

  constructor(options: VaultOptions) {
    const { mount, key, namespace } = options.source;
    this.id = [...(namespace === null ? [] : [namespace]), mount, key].join("/");
    this.#options = options;
  }

  async wrap(key: Buffer, context: string): Promise<Buffer> {
    const { ciphertext } = await this.#call("encrypt", { plaintext: key.toString("base64") }, context);
    if (typeof ciphertext !== "string" || !ciphertext.startsWith("vault:")) throw this.#unexpected("ciphertext");
    return Buffer.from(ciphertext);
  }

  async unwrap(wrapped: Uint8Array, context: string): Promise<Buffer> {
    const { plaintext } = await this.#call("decrypt", { ciphertext: Buffer.from(wrapped).toString("utf8") }, context);
    if (typeof plaintext !== "string") throw this.#unexpected("plaintext");
    return Buffer.from(plaintext, "base64");
  }

  async #call(
    operation: "encrypt" | "decrypt",
    input: Readonly<Record<string, string>>,
    context: string,
  ): Promise<Readonly<Record<string, unknown>>> {
    const { source, limits } = this.#options;
    const { address, mount, key, namespace } = source;
    const path = [...mount.split("/"), operation, key].map((part) => encodeURIComponent(decodeURIComponent(part)));
    const { status, text } = await callService(
      "Vault",
      async () => ({
        url: `${address}/v1/${path.join("/")}`,
        method: "POST",
        headers: {
          "x-vault-token": await this.#token(),
          "x-vault-request": "true",
          "content-type": "application/json",
          ...(namespace === null ? {} : { "x-vault-namespace": namespace }),
        },
        body: JSON.stringify({ ...input, associated_data: Buffer.from(context).toString("base64") }),
      }),
      limits,
    );
    const json = jsonOf(text);
    const data = json?.["data"];
    if (status === 200 && typeof data === "object" && data !== null) return data as Record<string, unknown>;
    const errors = Array.isArray(json?.["errors"]) ? (json["errors"] as unknown[]).map(String).join(" ").trim() : "";
    const detail = errors === "" ? "" : `: ${errors}`;
    throw keyUnavailable(
      `Vault at ${address} refused to ${operation} with the key ${this.id}: HTTP ${status}${detail}. ${adviceFor(status, operation)}`,
    );
  }

  /** Read for every request, because Vault Agent and Kubernetes replace the file. */
  async #token(): Promise<string> {
    const { source, token } = this.#options;
    if (source.tokenFile === null) {
      if (token !== null) return token;
      throw keyUnavailable(
        "There is no token for Vault: add ?token_file=/path to the setting, or set the environment variable VAULT_TOKEN.",
      );
    }
    const text = await readFile(source.tokenFile, "utf8").catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw keyUnavailable(`The file with the token for Vault cannot be read: ${reason}.`, cause);
    });
    if (/^[\x21-\x7e]+$/.test(text.trim())) return text.trim();
    throw keyUnavailable(`The file ${source.tokenFile} does not contain a token for Vault.`);
  }

  #unexpected(field: string): Error {
    const { address } = this.#options.source;
    return keyUnavailable(
      `The response of Vault at ${address} has no "${field}": check that the path is that of a Transit engine.`,
    );
  }
}

function adviceFor(status: number, operation: string): string {
  if (status === 403) return `Check the token, and that its policy allows "update" on the path of ${operation}.`;
  if (status === 404) return "Check the address, the path of the Transit engine, and the name of the key.";
  if (status === 503) return "Vault is sealed, or a standby that does not forward requests.";
  if (status >= 300 && status < 400) return "It redirects to another server: set the address of that one.";
  return "Check that the key has a type with associated data, such as aes256-gcm96.";
}
