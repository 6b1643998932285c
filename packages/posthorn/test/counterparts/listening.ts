/** Reads sources through a real connector thread, without the rest of a node. */
import { Egress, parseAllowList } from "@posthorn/egress";
import { Connector, type VetRequest } from "../../src/destinations/connections/connector.ts";
import type { ListenResult } from "../../src/destinations/connections/listening.ts";
import type { VetResult } from "../../src/destinations/connections/protocol.ts";
import { sourcePorts, vetWith } from "../../src/destinations/connections/vet.ts";
import type { KindConfig } from "../../src/fields/field.ts";
import { SOURCE_KINDS } from "../../src/sources/kinds.ts";

const STUCK_MS = 60_000;

type Values = Readonly<Record<string, unknown>>;

export interface Listened {
  /** `canceled`: it was connected, and ended by the test. */
  readonly result: ListenResult;
  readonly isConnected: boolean;
}

export interface TestListener extends AsyncDisposable {
  /** Hosts that listeners asked to dial, each once. */
  readonly hosts: readonly string[];
  /**
   * Reads until the connection fails, or the signal is aborted; without a signal, until it is connected. Missing fields have their
   * defaults.
   */
  listen(kind: string, values: Values, signal?: AbortSignal): Promise<Listened>;
}

export function openListener(allow: string, vet?: (request: VetRequest) => Promise<VetResult>): TestListener {
  const egress = new Egress({ allow: parseAllowList(allow) });
  const vetted = vet ?? vetWith(egress, sourcePorts);
  const hosts = new Set<string>();
  const connector = new Connector({
    vet: (request) => {
      hosts.add(request.host);
      return vetted(request);
    },
    onError: () => undefined,
    heapMb: 128,
    // Clients are loaded in the thread, which takes long on a busy machine.
    stuckMs: STUCK_MS,
  });
  return {
    get hosts() {
      return [...hosts];
    },
    listen: async (kind, values, signal) => {
      const fields = Object.entries(SOURCE_KINDS[kind]!.fields);
      const config = Object.fromEntries(fields.map(([name, field]) => [name, values[name] ?? field.default ?? null]));
      const connected = new AbortController();
      let isConnected = false;
      const result = await connector.listen({
        kind,
        config: config as KindConfig,
        allow: null,
        session: "posthorn-test",
        cursor: null,
        window: 16,
        maxBodyBytes: 1_000_000,
        signal: signal ?? connected.signal,
        onConnected: () => {
          isConnected = true;
          connected.abort();
        },
        onBatch: () => Promise.resolve(),
      });
      return { result, isConnected };
    },
    [Symbol.asyncDispose]: async () => {
      await connector[Symbol.asyncDispose]();
      await egress.close();
    },
  };
}
