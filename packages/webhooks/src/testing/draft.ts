/** A request under construction, and the input of a signer. */
import type { ProviderConfig, ProviderDefinition } from "../provider/types.ts";

/** A request under construction. Signers add headers and may change URL and body. */
export interface Draft {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: Uint8Array;
}

/** Keys, settings and time for signing. */
export interface SignContext {
  readonly definition: ProviderDefinition;
  readonly config: ProviderConfig;
  readonly secret: string;
  readonly privateKey: string;
  readonly certificates: readonly string[];
  readonly now: number;
}
