import { networkInterfaces } from "node:os";
import { parseAddress } from "./bytes.ts";
import type { AddressBytes } from "./bytes.ts";

/** Addresses of this machine's interfaces, except loopback, which has its own rule. */
export function ownAddresses(): AddressBytes[] {
  const found: AddressBytes[] = [];
  for (const list of Object.values(networkInterfaces())) {
    for (const { address, internal } of list ?? []) {
      const bytes = internal ? null : parseAddress(address.split("%")[0] ?? "");
      if (bytes !== null) found.push(bytes);
    }
  }
  return found;
}
