/** Clients through which a node sends to destinations. All of them connect only to addresses that the rules of the operator allow. */
import type { Egress } from "@posthorn/egress";
import { Connector } from "../destinations/connections/connector.ts";
import { sourcePorts, vetWith } from "../destinations/connections/vet.ts";
import { CaptureSender } from "../destinations/http/capture-sender.ts";
import { EndpointSender } from "../destinations/http/request.ts";
import { OwnCaptures, type CaptureGateway } from "../ingest/own-captures.ts";
import type { NodeOptions } from "./options.ts";
import { egressOf } from "./parts.ts";

export interface Clients {
  readonly egress: Egress;
  readonly sender: EndpointSender;
  /** Holds the connections of destinations that are not HTTP, in a thread that starts with the first message to one of them. */
  readonly connector: Connector;
  /** Holds the connections of sources, in another thread, so that a flood of events does not delay deliveries. */
  readonly sourceConnector: Connector;
}

export function buildClients(
  { config, log, egress: options, createEgress }: Pick<NodeOptions, "config" | "log" | "egress" | "createEgress">,
  gateway: () => CaptureGateway,
  stack: AsyncDisposableStack,
): Clients {
  const egress = stack.adopt(egressOf(config, options, createEgress), (client) => client.close());
  const isProxied = config.egressProxy !== "";
  const connector = stack.use(
    new Connector({
      vet: vetWith(egress),
      isProxied,
      onError: (error) => log.error({ err: error }, "the connector thread ended; restarting it"),
    }),
  );
  const sourceConnector = stack.use(
    new Connector({
      vet: vetWith(egress, sourcePorts),
      isProxied,
      onError: (error) => log.error({ err: error }, "the connector thread of sources ended; restarting it"),
    }),
  );
  const sender = new EndpointSender(egress, new CaptureSender(egress, new OwnCaptures(gateway)));
  return { egress, sender, connector, sourceConnector };
}
