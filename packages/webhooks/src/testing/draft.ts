/** A request under construction, and what a signer works with. */
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
