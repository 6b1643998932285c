/** A minimal MCP client, for requests that the official ones do not send. */
import type { TestNode } from "./posthorn.ts";

export interface RpcResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly result: Readonly<Record<string, unknown>> | undefined;
  readonly error:
    | { readonly code: number; readonly message: string; readonly data?: Readonly<Record<string, unknown>> }
    | undefined;
}

export interface ToolResult {
  readonly isError: boolean;
  readonly text: string;
  readonly content: Readonly<Record<string, unknown>>;
}

const VERSION = "2026-07-28";

export class McpClient {
  readonly #url: string;
  readonly #token: string;

  /** @param path Such as `/mcp`. */
  constructor(node: Pick<TestNode, "url">, token: string, path = "/mcp") {
    this.#url = node.url + path;
    this.#token = token;
  }

  /** Sends a request of the current version. `headers` override those of the request. */
  request(method: string, params: object = {}, headers: Readonly<Record<string, string>> = {}): Promise<RpcResponse> {
    const { name } = params as { readonly name?: string };
    const meta = {
      "io.modelcontextprotocol/protocolVersion": VERSION,
      "io.modelcontextprotocol/clientCapabilities": {},
    };
    const described = {
      "mcp-protocol-version": VERSION,
      "mcp-method": method,
      ...(method === "tools/call" && name !== undefined ? { "mcp-name": name } : {}),
      ...headers,
    };
    return this.send({ jsonrpc: "2.0", id: 1, method, params: { _meta: meta, ...params } }, described);
  }

  /** Sends a body unchanged. */
  async send(body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<RpcResponse> {
    const response = await fetch(this.#url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${this.#token}`, ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    const text = await response.text();
    const parsed = (text === "" ? {} : JSON.parse(text)) as Pick<RpcResponse, "result" | "error">;
    return { status: response.status, headers: response.headers, text, result: parsed.result, error: parsed.error };
  }

  async tools(): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const { result } = await this.request("tools/list");
    return result!["tools"] as Readonly<Record<string, unknown>>[];
  }

  async call(name: string, given: object = {}): Promise<ToolResult> {
    const { result, error, text } = await this.request("tools/call", { name, arguments: given });
    if (result === undefined) return { isError: true, text: error?.message ?? text, content: {} };
    return {
      isError: result["isError"] === true,
      text,
      content: (result["structuredContent"] ?? {}) as Readonly<Record<string, unknown>>,
    };
  }
}
