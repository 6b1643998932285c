import type { Socket } from "node:net";
import { formatAddress } from "../address/bytes.ts";
import type { AddressBytes } from "../address/bytes.ts";
import type { EgressError } from "../errors.ts";
import { Inbox } from "../http1/inbox.ts";
import type { EgressTlsInfo } from "../types.ts";
import type { ParsedTarget } from "../url.ts";
import type { ProxyProfile } from "./proxy.ts";
import { throughProxy } from "./proxy.ts";
import { dial } from "./tcp.ts";
import type { Dialed } from "./tcp.ts";
import { secure } from "./tls.ts";
import type { TlsProfile } from "./tls.ts";

/**
 * Phases of opening a connection, in order. `proxy` is the connection to our proxy, `connect` the connection to the
 * target.
 */
export type OpenPhase = "dns" | "proxy" | "connect" | "tls";

/** What opening a connection needs from the client that owns it. */
export interface OpenContext {
  /** Resolves the target and checks every resolved address. Rejects when one is refused. */
  vet(): Promise<readonly AddressBytes[]>;
  /** Resolves a tenant's proxy and checks every resolved address, like `vet`. */
  vetProxy(proxy: ProxyProfile): Promise<readonly AddressBytes[]>;
  readonly target: ParsedTarget;
  /** The connection is for the built-in client. */
  readonly isBuiltin: boolean;
  readonly tls: TlsProfile;
  readonly proxy: ProxyProfile | null;
  readonly signal: AbortSignal;
  /** Milliseconds since the Unix epoch. */
  readonly wallClock: () => number;
  /** Called when a phase begins; with `null` at the end. */
  readonly onPhase: (phase: OpenPhase | null) => void;
}

/** An open connection to a checked address, ready for HTTP. */
export interface Opened {
  readonly socket: Socket;
  readonly address: AddressBytes;
  /** `address:port`. */
  readonly peer: string;
  readonly tls: EgressTlsInfo | null;
  /** Checked address of the proxy; `null` without a proxy and for the operator's. */
  readonly proxyAddress: AddressBytes | null;
  /** Delivers the bytes of a plain socket to the built-in client. `null`: the socket emits them. */
  readonly inbox: Inbox | null;
}

/**
 * Opens one connection: resolve, check, dial (directly or through the proxy), TLS.
 *
 * @throws {EgressError} with the code of the phase that failed. No socket is left open in that case.
 */
export async function openConnection(context: OpenContext): Promise<Opened> {
  const { target, signal, onPhase } = context;
  onPhase("dns");
  const vetted = await untilAborted(context.vet(), signal);
  const inbox = context.isBuiltin && !target.secure ? new Inbox() : null;
  const { socket: raw, address, proxyAddress } = await reach(vetted, context, inbox);
  const text = formatAddress(address);
  const peer = address.length === 4 ? `${text}:${target.port}` : `[${text}]:${target.port}`;
  if (!target.secure) {
    onPhase(null);
    return { socket: raw, address, peer, tls: null, proxyAddress, inbox };
  }
  onPhase("tls");
  const { socket, info } = await secure(
    raw,
    target.host,
    target.literal === null,
    context.tls,
    signal,
    context.wallClock,
  );
  onPhase(null);
  return { socket, address, peer, tls: info, proxyAddress, inbox: null };
}

async function reach(
  vetted: readonly AddressBytes[],
  context: OpenContext,
  inbox: Inbox | null,
): Promise<Dialed & { readonly proxyAddress: AddressBytes | null }> {
  const { target, proxy, signal, onPhase } = context;
  if (proxy === null) {
    onPhase("connect");
    return { ...(await dial(vetted, target.port, signal, inbox)), proxyAddress: null };
  }
  onPhase("proxy");
  const at = proxy.trusted ? null : await untilAborted(context.vetProxy(proxy), signal);
  return throughProxy(proxy, at, vetted, target, signal, onPhase);
}

/** Waits for a look-up until the signal is aborted. The look-up itself continues for other waiters. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) throw signal.reason as EgressError;
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason as EgressError);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
