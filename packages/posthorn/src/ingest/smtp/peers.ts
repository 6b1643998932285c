/** Counts the connections of each peer. */
import { isIPv6 } from "node:net";

export class PeerConnections {
  readonly #most: number;
  readonly #counts = new Map<string, number>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Returns whether one more is allowed, and if so, counts it. */
  open(address: string): boolean {
    const peer = peerOf(address);
    const count = this.#counts.get(peer) ?? 0;
    if (count >= this.#most) return false;
    this.#counts.set(peer, count + 1);
    return true;
  }

  close(address: string): void {
    const peer = peerOf(address);
    const count = (this.#counts.get(peer) ?? 0) - 1;
    if (count <= 0) this.#counts.delete(peer);
    else this.#counts.set(peer, count);
  }
}

/** A host usually has a whole /64 network of IPv6. */
function peerOf(address: string): string {
  if (!isIPv6(address)) return address;
  const { hostname } = new URL(`http://[${address}]`);
  const [head = "", tail = ""] = hostname.slice(1, -1).split("::");
  const [before, after] = [head, tail].map((part) => part.split(":").filter((group) => group !== "")) as [
    string[],
    string[],
  ];
  const zeros = hostname.includes("::") ? new Array<string>(8 - before.length - after.length).fill("0") : [];
  return [...before, ...zeros, ...after].slice(0, 4).join(":");
}
