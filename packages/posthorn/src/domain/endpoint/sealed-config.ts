/** Stored configuration of an endpoint whose destination kind has one. */
import { completeConfig, type ConfigInput, type ShownConfig, shownConfig } from "../../fields/config.ts";
import type { KindConfig } from "../../destinations/kind.ts";
import { kindNamed } from "../../destinations/kinds.ts";
import type { SecretBox } from "../../lib/secret-box.ts";
import { sealedIn } from "../../store/sealed-columns.ts";

/** Target as given in a request; `null`: not given. */
export interface TargetInput {
  readonly kind: string | null;
  readonly url: string | null;
  readonly config: ConfigInput | null;
}

interface SealedConfig {
  /** Key of the endpoint. */
  readonly id: number;
  readonly kind: string;
  readonly config_sealed: Uint8Array | null;
}

/** The configuration with its secrets; `null`: the kind has none, or this version does not know it. */
export function openConfig(
  secretBox: Pick<SecretBox, "open">,
  { id, kind, config_sealed }: SealedConfig,
): KindConfig | null {
  const declaration = kindNamed(kind);
  if (config_sealed === null || declaration === null) return null;
  return completeConfig(
    declaration,
    JSON.parse(secretBox.open(config_sealed, sealedIn("endpoint.config_sealed", id))) as KindConfig,
  );
}

export function shownConfigOf(secretBox: Pick<SecretBox, "open">, row: SealedConfig): ShownConfig | null {
  const config = openConfig(secretBox, row);
  return config === null ? null : shownConfig(kindNamed(row.kind)!, config);
}
