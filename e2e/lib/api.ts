/** Plain HTTP calls, for requests that no SDK would send. */
import type { Recorder } from "./recorder.ts";

export interface CallOptions {
  /** Sent as JSON; a string or bytes are sent unchanged. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Replaces the token of the API; `null` sends none. */
  readonly token?: string | null;
}

export interface Result {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // Tests read responses of any shape, and fail if the shape is wrong.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly json: any;
}

export class Api {
  readonly url: string;
  readonly token: string;
  readonly #recorder: Recorder;

  constructor(url: string, token: string, recorder: Recorder) {
    this.url = url;
    this.token = token;
    this.#recorder = recorder;
  }

  /** The same server with another token. */
  as(token: string): Api {
    return new Api(this.url, token, this.#recorder);
  }

  get(path: string, options?: CallOptions): Promise<Result> {
    return this.call("GET", path, options);
  }

  post(path: string, body?: unknown, options?: CallOptions): Promise<Result> {
    return this.call("POST", path, { body, ...options });
  }

  put(path: string, body?: unknown, options?: CallOptions): Promise<Result> {
    return this.call("PUT", path, { body, ...options });
  }

  patch(path: string, body?: unknown, options?: CallOptions): Promise<Result> {
    return this.call("PATCH", path, { body, ...options });
  }

  delete(path: string, options?: CallOptions): Promise<Result> {
    return this.call("DELETE", path, options);
  }

  /** `path` starts at the root of the server. */
  async call(method: string, path: string, { body, headers, token = this.token }: CallOptions = {}): Promise<Result> {
    const raw = body === undefined || typeof body === "string" || body instanceof Uint8Array;
    const response = await this.#recorder.fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(raw ? {} : { "content-type": "application/json" }),
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: raw ? (body as BodyInit) : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parse(text) };
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
