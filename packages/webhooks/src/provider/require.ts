import { WebhookError } from "../errors.ts";
import type { SchemeContext } from "./types.ts";

/**
 * The caller's secrets. Throws `secret_invalid` when there is none or one is empty: anyone could sign with an empty
 * key.
 */
export function requireSecrets(context: SchemeContext): readonly string[] {
  const { secrets } = context;
  if (secrets.length > 0 && !secrets.includes("")) return secrets;
  throw new WebhookError(
    "secret_invalid",
    secrets.length === 0
      ? "No secret was given. Pass at least one."
      : "A secret is empty. Check where it is read from.",
  );
}

/** A required setting. Throws `config_missing` when it is absent. */
export function requireConfig(context: SchemeContext, name: string): string {
  const value = context.config[name];
  if (value !== undefined && value !== "") return value;
  throw new WebhookError("config_missing", `Verification requires the setting config.${name}.`, { field: name });
}

/** A required value of the body. Throws `missing_field` when it is absent. */
export function requireField(value: string | undefined, field: string): string {
  if (value !== undefined && value !== "") return value;
  throw new WebhookError("missing_field", `The body has no ${field}.`, { field });
}
