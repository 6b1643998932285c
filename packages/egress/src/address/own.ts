import { networkInterfaces } from "node:os";
import { parseAddress } from "./bytes.ts";
import type { AddressBytes } from "./bytes.ts";

/** The addresses of this machine's interfaces, less loopback (which has a rule of its own). */
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
