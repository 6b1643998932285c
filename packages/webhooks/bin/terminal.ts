/** The outside of a command: streams, files and the clock. */

/** What a command may touch of the outside: tests pass their own. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Reads a file, or standard input for `undefined`. */
  readonly read: (path: string | undefined) => Promise<Uint8Array>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}
