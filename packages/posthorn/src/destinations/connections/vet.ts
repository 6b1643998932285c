/** Decides which addresses the connections of destinations may dial: the ports of their kind, and the address rules of HTTP requests. */
import { isIPv6 } from "node:net";
import { type AddressRules, EGRESS_ERRORS, type Egress, parseAllowList } from "@posthorn/egress";
import { boundedCache } from "../../lib/bounded-cache.ts";
import { sourceKindNamed } from "../../sources/kinds.ts";
import { kindNamed } from "../kinds.ts";
import type { VetRequest } from "./connector.ts";
import type { VetResult } from "./protocol.ts";
import { openRelay } from "./relay.ts";

/** Ports of a kind that may be dialled although the operator does not list them. */
export type PortsOf = (kind: string) => readonly number[];

export const destinationPorts: PortsOf = (name) => {
  const kind = kindNamed(name);
  return kind?.family === "connection" ? (kind.ports ?? []) : [];
};

export const sourcePorts: PortsOf = (name) => {
  const kind = sourceKindNamed(name);
  return kind?.family === "listen" ? (kind.ports ?? []) : [];
};

/** @returns The `vet` function of a connector. */
export function vetWith(
  egress: Pick<Egress, "checkHost" | "allowsPort" | "openTunnel">,
  portsOf: PortsOf = destinationPorts,
): (request: VetRequest) => Promise<VetResult> {
  const rules = boundedCache<string, AddressRules>(10_000);
  const rulesOf = (text: string): AddressRules => {
    let parsed = rules.get(text);
    if (parsed === undefined) rules.set(text, (parsed = parseAllowList(text)));
    return parsed;
  };
  return async ({ kind: name, host, port, allow }) => {
    if (!portsOf(name).includes(port) && !egress.allowsPort(port)) {
      return {
        allowed: false,
        code: "blocked_port",
        sentence: `Port ${port} is not allowed. Use another port, or contact the operator.`,
        detail: `port ${port} of ${host}: to allow it, add it to POSTHORN_EGRESS_PORTS`,
        isOurs: false,
      };
    }
    const ownRules = allow === null ? undefined : rulesOf(allow);
    const tunnel = await egress.openTunnel({ host, port }, ownRules);
    if (tunnel?.allowed === true) {
      return {
        allowed: true,
        addresses: [{ address: "127.0.0.1", family: 4 }],
        relay: { port: await openRelay(tunnel.socket), address: tunnel.address },
      };
    }
    const result = tunnel ?? (await egress.checkHost(host, ownRules));
    if (result.allowed) {
      const addresses = result.addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }) as const);
      return { allowed: true, addresses, relay: null };
    }
    const { code, message: sentence, detail } = result;
    return { allowed: false, code, sentence, detail, isOurs: EGRESS_ERRORS[code].fault === "ours" };
  };
}
