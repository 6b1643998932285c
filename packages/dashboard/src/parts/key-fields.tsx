import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ChecksField, type FormValues, SelectField, TextField } from "../components/form.tsx";
import { PickListField } from "../components/pick-field.tsx";
import { PLACES } from "../lib/option-sources.ts";
import { PERMISSIONS, permissionsOf, type Preset, presetOf, PRESETS, scopesOf } from "../lib/permissions.ts";
import { namesOf } from "./type-picker.tsx";

const DAY_MS = 86_400_000;
const LIVES = { never: null, month: 30, quarter: 90, year: 365 } as const;
type Life = keyof typeof LIVES;

export interface EditedKey {
  readonly name: string;
  readonly description: string;
  readonly scopes: readonly string[] | null;
  readonly applications: readonly { readonly id: string }[] | null;
  readonly networks: readonly string[] | null;
  readonly expiresAt: string | null;
}

/** Fields of a form for an API key; without `value`, for a new one. */
export function KeyFields({ value }: { readonly value?: EditedKey }) {
  const { t } = useTranslation();
  const [preset, setPreset] = useState<Preset>(value === undefined ? "publish" : presetOf(value.scopes));
  const lives = (Object.keys(LIVES) as Life[]).map((life) => ({
    value: life as string,
    label: t(`keys.lives.${life}`),
  }));
  const kept = { value: "kept", label: t("keys.lives.kept") };
  return (
    <>
      <TextField
        name="name"
        label={t("applications.name")}
        placeholder="CI"
        value={value?.name ?? ""}
        required
        autoFocus
      />
      <TextField name="description" label={t("keys.description")} value={value?.description ?? ""} />
      <SelectField
        name="preset"
        label={t("keys.access")}
        value={preset}
        onChange={(next) => setPreset(next as Preset)}
        choices={PRESETS.map((name) => ({ value: name, label: t(`keys.presets.${name}`) }))}
      />
      {preset === "custom" && (
        <ChecksField
          name="scopes"
          label={t("keys.scopes")}
          value={permissionsOf(value?.scopes ?? null) ?? []}
          choices={PERMISSIONS.map(([name, key]) => ({ value: name, label: capitalised(t(`keys.can.${key}`)) }))}
        />
      )}
      <PickListField
        source={PLACES}
        name="applications"
        label={t("keys.applications")}
        help={t("keys.applicationsHelp")}
        value={value?.applications?.map(({ id }) => id) ?? []}
      />
      <TextField
        name="networks"
        label={t("keys.networks")}
        help={t("keys.networksHelp")}
        placeholder="10.1.0.0/16, 192.0.2.7"
        value={value?.networks?.join(", ") ?? ""}
      />
      <SelectField
        name="life"
        label={t("keys.expires")}
        value={value === undefined ? "never" : "kept"}
        choices={value === undefined ? lives : [kept, ...lives]}
      />
    </>
  );
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Fields of the request for the values of the form. */
export function keyBody({ name = "", description = "", preset, scopes, applications, networks, life }: FormValues) {
  const days = life === "kept" ? undefined : LIVES[life as Life];
  const expiresAt =
    days === undefined ? undefined : days === null ? null : new Date(Date.now() + days * DAY_MS).toISOString();
  return {
    name,
    description,
    scopes: scopesOf(preset as Preset, namesOf(scopes) ?? [], namesOf(applications) ?? []),
    networks: namesOf(networks),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}
