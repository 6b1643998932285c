/** The setup of a test file: a server, a receiver, and clients with every response checked. */
import { startReceiver, startServer, type Receiver, type ServerOptions, type TestServer } from "@posthorn/testkit";
import { afterAll, afterEach, beforeAll } from "vitest";
import { Api } from "./api.ts";
import { Recorder } from "./recorder.ts";
import { type Sdk, sdkOf, type SdkVersion } from "./sdk.ts";

export interface World {
  readonly server: TestServer;
  readonly receiver: Receiver;
  readonly recorder: Recorder;
  /** Plain calls with a token of the organisation. */
  readonly api: Api;
  /** An SDK; with the organisation's token unless another one is given. */
  sdk(version: SdkVersion, token?: string): Sdk;
  /** Restarts the server on the same data with additional settings. Existing clients lose their connection; `api` follows the new URL. */
  restart(env?: Readonly<Record<string, string>>): Promise<void>;
}

/** Starts the world before the tests of a file and closes it afterwards; a test fails if a response broke the contract. */
export function useWorld(options?: ServerOptions): World {
  let server: TestServer;
  let receiver: Receiver;
  let api: Api;
  const recorder = new Recorder();
  beforeAll(async () => {
    receiver = await startReceiver();
    server = await startServer(options);
    api = new Api(server.url, server.token, recorder);
  });
  afterEach(() => recorder.verify());
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    await receiver?.[Symbol.asyncDispose]();
  });
  return {
    recorder,
    get server() {
      return server;
    },
    get receiver() {
      return receiver;
    },
    get api() {
      return api;
    },
    restart: async (env) => {
      await server.restart(env);
      api = new Api(server.url, server.token, recorder);
    },
    sdk: (version, token) => sdkOf(version, server.url, token ?? server.token, recorder),
  };
}
