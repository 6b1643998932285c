/** Decides which addresses the connections of destinations may dial: the ports of their kind, and the address rules of HTTP requests. */
import { type AddressRules, EGRESS_ERRORS, type Egress, parseAllowList } from "@posthorn/egress";
import { boundedCache } from "../../lib/bounded-cache.ts";
import { kindNamed } from "../kinds.ts";
import type { VetRequest } from "./connector.ts";
import type { VetResult } from "./protocol.ts";

/** @returns The `vet` function of a connector. */
export function vetWith(egress: Pick<Egress, "checkHost" | "allowsPort">): (request: VetRequest) => Promise<VetResult> {
  const rules = boundedCache<string, AddressRules>(10_000);
  const rulesOf = (text: string): AddressRules => {
    let parsed = rules.get(text);
    if (parsed === undefined) rules.set(text, (parsed = parseAllowList(text)));
    return parsed;
  };
  return async ({ kind: name, host, port, allow }) => {
    const kind = kindNamed(name);
    const ports = kind?.family === "connection" ? (kind.ports ?? []) : [];
    if (!ports.includes(port) && !egress.allowsPort(port)) {
      return {
        allowed: false,
        code: "blocked_port",
        sentence: `Port ${port} is not allowed. Use another port, or contact the operator.`,
        detail: `port ${port} of ${host}: to allow it, add it to POSTHORN_EGRESS_PORTS`,
        isOurs: false,
      };
    }
    const result = await egress.checkHost(host, allow === null ? undefined : rulesOf(allow));
    if (result.allowed) {
      const addresses = result.addresses.map(
        (address) => ({ address, family: address.includes(":") ? 6 : 4 }) as const,
      );
      return { allowed: true, addresses };
    }
    const { code, message: sentence, detail } = result;
    return { allowed: false, code, sentence, detail, isOurs: EGRESS_ERRORS[code].fault === "ours" };
  };
}
