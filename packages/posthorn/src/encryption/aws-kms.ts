/** Root key in AWS KMS. */
import type { AwsKmsSource } from "../config/key-source.ts";
import { type AwsCredentials, awsHeaders } from "../destinations/auth/aws-signature.ts";
import { keyUnavailable } from "./errors.ts";
import type { RootKey } from "./root-key.ts";
import { callService, jsonOf, type ServiceLimits } from "./service-client.ts";

export interface AwsKmsOptions {
  readonly source: AwsKmsSource;
  /** Called for every request, because temporary credentials expire. */
  readonly credentials: () => Promise<AwsCredentials>;
  readonly now: () => number;
  readonly limits?: ServiceLimits;
}

/** Wraps data keys by `Encrypt` and `Decrypt`, with the context as encryption context. */
export class AwsKmsRootKey implements RootKey {
  readonly provider = "awskms";
  /** ARN of the key. */
  readonly id: string;
  readonly #options: AwsKmsOptions;

  constructor(options: AwsKmsOptions) {
    this.id = options.source.arn;
    this.#options = options;
  }

  async wrap(key: Buffer, context: string): Promise<Buffer> {
    const { CiphertextBlob: blob } = await this.#call("Encrypt", { Plaintext: key.toString("base64") }, context);
    if (typeof blob !== "string") throw this.#unexpected("CiphertextBlob");
    return Buffer.from(blob, "base64");
  }

  async unwrap(wrapped: Uint8Array, context: string): Promise<Buffer> {
    const input = { CiphertextBlob: Buffer.from(wrapped).toString("base64") };
    const { Plaintext: plaintext } = await this.#call("Decrypt", input, context);
    if (typeof plaintext !== "string") throw this.#unexpected("Plaintext");
    return Buffer.from(plaintext, "base64");
  }

  async #call(
    operation: "Encrypt" | "Decrypt",
    input: Readonly<Record<string, string>>,
    context: string,
  ): Promise<Readonly<Record<string, unknown>>> {
    const { source, credentials, now, limits } = this.#options;
    const { arn, region, endpoint } = source;
    const body = JSON.stringify({ KeyId: arn, EncryptionContext: { posthorn: context }, ...input });
    const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": `TrentService.${operation}` };
    const { status, text } = await callService(
      "AWS KMS",
      async () => {
        const request = {
          method: "POST",
          url: endpoint,
          headers: Object.entries(headers).flat(),
          body: Buffer.from(body),
        };
        const signed = awsHeaders(request, { service: "kms", region }, await credentials(), now());
        return { url: endpoint, method: "POST", headers: { ...headers, ...pairsOf(signed) }, body };
      },
      limits,
    );
    const json = jsonOf(text);
    if (status === 200 && json !== null) return json;
    const code = typeof json?.["__type"] === "string" ? json["__type"].split("#").at(-1)! : "";
    const message = json?.["message"] ?? json?.["Message"];
    const detail = [code, message].filter((part) => typeof part === "string" && part !== "").join(": ");
    throw keyUnavailable(
      `AWS KMS refused to ${operation.toLowerCase()} with the key ${arn}: HTTP ${status}${detail === "" ? "" : `, ${detail}`}. ` +
        "Check that the key is enabled, and that its policy allows kms:Encrypt and kms:Decrypt for these credentials.",
    );
  }

  #unexpected(field: string): Error {
    return keyUnavailable(`The response of AWS KMS at ${this.#options.source.endpoint} has no "${field}".`);
  }
}

function pairsOf(flat: readonly string[]): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (let index = 0; index + 1 < flat.length; index += 2) pairs[flat[index]!] = flat[index + 1]!;
  return pairs;
}
