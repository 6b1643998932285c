import { connect } from "node:net";
import type { LookupFunction, Socket } from "node:net";
import { formatAddress, parseAddress, sameAddress, unmap } from "../address/bytes.ts";
import type { AddressBytes } from "../address/bytes.ts";
import { EgressError } from "../errors.ts";
import type { Inbox } from "../http1/inbox.ts";
import type { EgressErrorCode } from "../errors.ts";

/** Delay before the next address is tried in parallel (RFC 8305 section 5). */
const ATTEMPT_DELAY_MS = 250;

/** An open socket and the checked address it is connected to. */
export interface Dialed {
  readonly socket: Socket;
  readonly address: AddressBytes;
}

/**
 * Opens a TCP connection to one of the given addresses and to no other, racing the address families (RFC 8305). The
 * address of the socket is compared again once it is open.
 *
 * @param vetted Addresses that passed the guard.
 * @param inbox Receives the bytes of the socket instead of its `data` event.
 * @throws {EgressError} `connect_refused`, `connect_timeout`, `connect_unreachable`, or the signal's reason.
 */
export function dial(
  vetted: readonly AddressBytes[],
  port: number,
  signal: AbortSignal,
  inbox: Inbox | null = null,
): Promise<Dialed> {
  const { promise, resolve, reject } = Promise.withResolvers<Dialed>();
  const texts = vetted.map(formatAddress);
  const [first = ""] = texts;
  const lookup: LookupFunction = (_host, options, callback) => {
    if (options.all === true) {
      callback(
        null,
        vetted.map((address, index) => ({ address: texts[index]!, family: address.length === 4 ? 4 : 6 })),
      );
    } else {
      callback(null, first, vetted[0]?.length === 4 ? 4 : 6);
    }
  };
  const many = {
    host: "vetted.invalid",
    lookup,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: ATTEMPT_DELAY_MS,
  };
  const socket = connect({
    port,
    noDelay: true,
    keepAlive: true,
    ...(texts.length === 1 ? { host: first } : many),
    ...(inbox === null ? {} : { onread: inbox.onread }),
  });
  const onAbort = () => {
    socket.destroy();
    reject(signal.reason as Error);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  // The listener stays, because an error while no one else listens would end the process.
  socket.on("error", (error) => {
    signal.removeEventListener("abort", onAbort);
    reject(connectError(error, `${texts.join(", ")} port ${port}`));
  });
  socket.once("connect", () => {
    signal.removeEventListener("abort", onAbort);
    const peer = parseAddress(socket.remoteAddress ?? "");
    const address = peer === null ? undefined : vetted.find((one) => sameAddress(one, unmap(peer)));
    if (address !== undefined) {
      resolve({ socket, address });
    } else {
      socket.destroy();
      reject(
        new EgressError("blocked_address", `rule peer-changed: the socket is connected to ${socket.remoteAddress}`),
      );
    }
  });
  return promise;
}

const CODES: Readonly<Record<string, EgressErrorCode>> = {
  ECONNREFUSED: "connect_refused",
  ECONNRESET: "connect_refused",
  ETIMEDOUT: "connect_timeout",
  EHOSTUNREACH: "connect_unreachable",
  ENETUNREACH: "connect_unreachable",
  EHOSTDOWN: "connect_unreachable",
  ENETDOWN: "connect_unreachable",
  EADDRNOTAVAIL: "connect_unreachable",
  EACCES: "connect_unreachable",
  EPERM: "connect_unreachable",
  EMFILE: "no_sockets",
  ENFILE: "no_sockets",
  ENOBUFS: "no_sockets",
  ENOMEM: "no_sockets",
};

/** Maps a failed connect, or the failures of a race, to one code. Refused is more specific than unreachable. */
export function connectError(error: Error, where: string): EgressError {
  const all: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  const codes = all.map((one) => (one instanceof Error && "code" in one ? String(one.code) : String(one)));
  const known = new Set(codes.map((code) => CODES[code]));
  const order: readonly EgressErrorCode[] = ["no_sockets", "connect_refused", "connect_timeout", "connect_unreachable"];
  const code = order.find((candidate) => known.has(candidate)) ?? "connect_unreachable";
  return new EgressError(code, `connect to ${where}: ${codes.join(", ")}`, { cause: error });
}
