/** All settings of a node: name, parser, default and help, by topic. No file here reads the environment. */
import { deliverySettings } from "./settings/delivery.ts";
import { egressSettings } from "./settings/egress.ts";
import { limitSettings } from "./settings/limits.ts";
import { loggingSettings } from "./settings/logging.ts";
import { mailSettings } from "./settings/mail.ts";
import { portalSettings } from "./settings/portal.ts";
import { serverSettings } from "./settings/server.ts";
import { storageSettings } from "./settings/storage.ts";
import { telemetrySettings } from "./settings/telemetry.ts";

export const settings = {
  ...serverSettings,
  ...mailSettings,
  ...storageSettings,
  ...deliverySettings,
  ...egressSettings,
  ...limitSettings,
  ...portalSettings,
  ...loggingSettings,
  ...telemetrySettings,
} as const;

export type SettingKey = keyof typeof settings;

/** Typed values of all settings. */
export type SettingValues = { readonly [K in SettingKey]: ReturnType<(typeof settings)[K]["parse"]> };

/** The flag of a setting: `POSTHORN_DATA_DIR` is `--data-dir`. */
export function flagOf(name: string): string {
  return `--${name
    .replace(/^POSTHORN_/, "")
    .toLowerCase()
    .replaceAll("_", "-")}`;
}
