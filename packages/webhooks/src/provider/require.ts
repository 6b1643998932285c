import { WebhookError } from "../errors.ts";
import type { SchemeContext } from "./types.ts";

/** The caller's secrets, of which there must be one and none may be empty: an empty key would verify anybody. */
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

/** A setting that the request does not carry, or `config_missing`. */
export function requireConfig(context: SchemeContext, name: string): string {
  const value = context.config[name];
  if (value !== undefined && value !== "") return value;
  throw new WebhookError("config_missing", `Verifying needs the setting config.${name}.`, { field: name });
}

/** A value of the body that must be there, or `missing_field`. */
export function requireField(value: string | undefined, field: string): string {
  if (value !== undefined && value !== "") return value;
  throw new WebhookError("missing_field", `The body has no ${field}.`, { field });
}
