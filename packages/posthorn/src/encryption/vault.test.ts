import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/support/store.ts";
import { parseKeySource, type VaultSource } from "../config/key-source.ts";
import { VaultRootKey } from "./vault.ts";

const LIMITS = { timeoutMs: 30_000, attempts: 3, pauseMs: 1 };
const KEY = Buffer.alloc(32, 9);

interface Answer {
  readonly status: number;
  readonly location?: string;
  readonly body: object;
}

/**
 * A stand-in for the Transit engine. It rejects requests that differ from the documentation of Vault's API: method, path, `X-Vault-Token`,
 * `X-Vault-Request`, a JSON object without unknown parameters, and standard base64.
 */
class TestVault implements AsyncDisposable {
  /** Tokens that are accepted. */
  readonly tokens = new Set(["hvs.first"]);
  namespace: string | undefined;
  /** Responses that are sent before the usual ones. */
  readonly answers: Answer[] = [];
  calls = 0;
  readonly #sealed = new Map<string, { readonly plaintext: string; readonly associated: string }>();
  readonly #server = createServer((request, response) => void this.#respond(request, response));

  static async start(): Promise<TestVault> {
    const vault = new TestVault();
    await new Promise<void>((resolve) => vault.#server.listen(0, "127.0.0.1", resolve));
    return vault;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, body, location } = await this.#answer(request);
    const headers = { "content-type": "application/json", ...(location === undefined ? {} : { location }) };
    response.writeHead(status, headers).end(JSON.stringify(body));
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    this.calls++;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const prepared = this.answers.shift();
    if (prepared !== undefined) return prepared;
    const refuse = (status: number, ...errors: string[]): Answer => ({ status, body: { errors } });
    const token = request.headers["x-vault-token"];
    if (typeof token !== "string" || !this.tokens.has(token)) return refuse(403, "permission denied");
    if (request.headers["x-vault-request"] !== "true") return refuse(400, "missing X-Vault-Request");
    if (request.headers["x-vault-namespace"] !== this.namespace) return refuse(404);
    const [, operation] = /^\/v1\/transit\/(encrypt|decrypt)\/posthorn$/.exec(request.url!) ?? [];
    if (operation === undefined) return refuse(404);
    if (request.method !== "POST" && request.method !== "PUT") return refuse(405, "unsupported operation");
    const input = JSON.parse(Buffer.concat(chunks).toString("utf8")) as Record<string, string>;
    const names = operation === "encrypt" ? ["associated_data", "plaintext"] : ["associated_data", "ciphertext"];
    if (Object.keys(input).toSorted().join() !== names.join()) return refuse(400, "unknown parameters");
    const associated = input["associated_data"]!;
    const isBase64 = (text: string): boolean => Buffer.from(text, "base64").toString("base64") === text;
    if (!isBase64(associated)) return refuse(400, "failed to base64-decode associated_data");
    if (operation === "encrypt") {
      if (!isBase64(input["plaintext"]!)) return refuse(400, "failed to base64-decode plaintext");
      const ciphertext = `vault:v1:${Buffer.from(`sealed ${this.#sealed.size}`).toString("base64")}`;
      this.#sealed.set(ciphertext, { plaintext: input["plaintext"]!, associated });
      return { status: 200, body: { request_id: "1", data: { ciphertext, key_version: 1 } } };
    }
    const found = this.#sealed.get(input["ciphertext"]!);
    if (found?.associated !== associated) return refuse(400, "cipher: message authentication failed");
    return { status: 200, body: { request_id: "1", data: { plaintext: found.plaintext } } };
  }
}

function keyOf(vault: TestVault, parameters = "", token: string | null = "hvs.first"): VaultRootKey {
  const source = parseKeySource(`vault:${vault.address}/transit/posthorn${parameters}`) as VaultSource;
  return new VaultRootKey({ source, token, limits: LIMITS });
}

describe("a root key in Vault", () => {
  it("wraps and unwraps with the Transit engine, as its API is documented, and binds a data key to its context", async () => {
    await using vault = await TestVault.start();
    const root = keyOf(vault);
    const wrapped = await root.wrap(KEY, "posthorn data key 1");
    expect(Buffer.from(wrapped).toString()).toMatch(/^vault:v1:/);
    expect(wrapped.includes(KEY)).toBe(false);
    expect(await root.unwrap(wrapped, "posthorn data key 1")).toEqual(KEY);
    await expect(root.unwrap(wrapped, "posthorn data key 2")).rejects.toMatchObject({
      code: "encryption_key_unavailable",
      message: expect.stringContaining("message authentication failed"),
    });
    expect(root.id).toBe("transit/posthorn");
  });

  it("is called in its namespace", async () => {
    await using vault = await TestVault.start();
    vault.namespace = "team/a";
    const root = keyOf(vault, "?namespace=team/a");
    expect(await root.unwrap(await root.wrap(KEY, "c"), "c")).toEqual(KEY);
    expect(root.id).toBe("team/a/transit/posthorn");
    await expect(keyOf(vault).wrap(KEY, "c")).rejects.toThrow("HTTP 404. Check the address");
  });

  it("reads its token file for every request, so that a replaced token is used", async () => {
    await using vault = await TestVault.start();
    using folder = temporaryFolder();
    const file = join(folder.path, "token");
    const root = keyOf(vault, `?token_file=${file}`, "hvs.of-the-environment");
    writeFileSync(file, "hvs.first\n");
    const wrapped = await root.wrap(KEY, "c");
    vault.tokens.clear();
    vault.tokens.add("hvs.second");
    await expect(root.unwrap(wrapped, "c")).rejects.toThrow("HTTP 403: permission denied. Check the token");
    writeFileSync(file, "hvs.second\n");
    expect(await root.unwrap(wrapped, "c")).toEqual(KEY);
    rmSync(file);
    await expect(root.unwrap(wrapped, "c")).rejects.toMatchObject({
      code: "encryption_key_unavailable",
      message: expect.stringContaining(file),
    });
  });

  it("says what is missing if there is no token", async () => {
    await using vault = await TestVault.start();
    await expect(keyOf(vault, "", null).wrap(KEY, "c")).rejects.toThrow("VAULT_TOKEN");
    expect(vault.calls).toBe(0);
  });

  it("is called again after a server error, and not after a rejection", async () => {
    await using vault = await TestVault.start();
    vault.answers.push({ status: 502, body: {} }, { status: 503, body: { errors: ["Vault is sealed"] } });
    await keyOf(vault).wrap(KEY, "c");
    expect(vault.calls).toBe(3);
    await expect(keyOf(vault, "", "hvs.wrong").wrap(KEY, "c")).rejects.toThrow("403");
    expect(vault.calls).toBe(4);
    vault.answers.push(...Array.from({ length: 3 }, () => ({ status: 503, body: { errors: ["Vault is sealed"] } })));
    await expect(keyOf(vault).wrap(KEY, "c")).rejects.toThrow("HTTP 503: Vault is sealed.");
  });

  it("that cannot be reached is reported with its address and the reason, and never with the token", async () => {
    const vault = await TestVault.start();
    const root = keyOf(vault);
    const { address } = vault;
    await vault[Symbol.asyncDispose]();
    const error = await root.wrap(KEY, "c").catch((cause: unknown) => cause);
    expect(error).toMatchObject({
      code: "encryption_key_unavailable",
      message: expect.stringMatching(`^Vault at ${address} cannot be reached: .*ECONNREFUSED`),
    });
    expect((error as Error).message).not.toContain("hvs.first");
  });

  it("does not send its token to another server named in a response", async () => {
    await using vault = await TestVault.start();
    await using other = await TestVault.start();
    vault.answers.push({ status: 307, body: {}, location: `${other.address}/v1/transit/encrypt/posthorn` });
    await expect(keyOf(vault).wrap(KEY, "c")).rejects.toThrow("HTTP 307. It redirects to another server");
    expect(other.calls).toBe(0);
  });
});
