/** A setting. Environment and settings file use its name; the flag is the name in kebab case without the prefix. */
export interface Setting<T> {
  readonly name: string;
  readonly help: string;
  readonly default: string;
  /** Default with `start --dev`. */
  readonly devDefault?: string;
  /** Masked when settings are printed. */
  readonly secret?: true;
  /** A secret that, if empty, is generated once and stored in the data folder; see `secrets.ts`. */
  readonly made?: true;
  /** Parses the text. Throws an `Error` whose message completes the sentence "NAME is wrong: …". */
  readonly parse: (text: string) => T;
}

/** Gives a setting its type. */
export function setting<T>(entry: Setting<T>): Setting<T> {
  return entry;
}
