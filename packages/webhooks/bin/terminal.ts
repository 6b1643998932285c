/** Input and output of a command. Tests pass their own. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Reads a file, or standard input for `undefined`. */
  readonly read: (path: string | undefined) => Promise<Uint8Array>;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}
