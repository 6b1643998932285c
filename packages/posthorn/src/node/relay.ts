/** Constructs the part that holds the connections of listeners. */
import { RELAY_KIND } from "../destinations/kinds.ts";
import type { Directory } from "../domain/directory.ts";
import { backlogOf } from "../domain/relay/backlog.ts";
import { shareOfConfig } from "../domain/relay/open.ts";
import type { IdGenerator } from "../lib/id.ts";
import { reporter } from "../lib/log.ts";
import type { SecretBox } from "../lib/secret-box.ts";
import { RelayHub } from "../relay/hub.ts";
import type { Store } from "../store/store.ts";
import type { WorkerParts } from "./workers.ts";

export interface RelayParts extends WorkerParts {
  readonly store: Store;
  readonly ids: IdGenerator;
  readonly secretBox: SecretBox;
  readonly directory: Directory;
}

export function buildRelay(parts: RelayParts): RelayHub {
  const { store, ids, secretBox, directory, clock, cluster, log, services } = parts;
  return new RelayHub({
    store: () => store,
    ids,
    secretBox,
    now: clock.now,
    clock,
    nodeId: () => cluster.id,
    isAlone: () => cluster.alone,
    shareOf: async (endpointKey) => {
      const endpoint = await directory.endpoint(endpointKey);
      if (endpoint === null || endpoint.disabled || endpoint.destinationKind !== RELAY_KIND) return null;
      return shareOfConfig(endpoint.config?.["share"]);
    },
    backlogOf: (endpointKey) => backlogOf(store.db, endpointKey, clock.now()),
    onListening: (endpointKey) => services().dispatch.tryNow(endpointKey),
    resign: (sourceKey, request) => services().sources.resign(sourceKey, request),
    onFailure: (error) => reporter(log)(error, "listeners could not be looked up; trying again"),
  });
}
