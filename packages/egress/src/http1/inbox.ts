import type { OnReadOpts } from "node:net";

/** Receives the bytes of a socket. */
export interface ByteReceiver {
  /** The first `length` bytes are valid during the call. */
  onBytes(bytes: Buffer, length: number): void;
}

/**
 * All sockets read into this one array: each piece is handled before the next read. An array for each read would be
 * garbage, and one for each socket would occupy 64 KiB while it is idle.
 */
const SHARED = Buffer.allocUnsafeSlow(65_536);

/** Reads a socket into a shared array and hands its bytes on. Created before the socket, because of Node's `onread`. */
export class Inbox {
  receiver: ByteReceiver | null = null;
  /** Bytes arrived before there was a receiver. */
  isEarly = false;
  readonly onread: OnReadOpts = {
    buffer: SHARED,
    callback: (length) => {
      if (this.receiver === null) this.isEarly = true;
      else this.receiver.onBytes(SHARED, length);
      return true;
    },
  };
}
