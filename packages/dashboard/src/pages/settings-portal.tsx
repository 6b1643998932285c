import { Webhook } from "lucide-react";
import { type CSSProperties, useState } from "react";
import { useTranslation } from "react-i18next";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { CodeBlock } from "../components/code-block.tsx";
import { FormRow, SelectField, TextField } from "../components/form.tsx";
import { Card, Columns } from "../components/page.tsx";
import { accentVariables, parseColour } from "../lib/colour.ts";
import { EMPTY_LOOK, type LookDraft, lookOf, settingsOf } from "../lib/look-draft.ts";
import styles from "./settings-portal.module.css";

const THEMES = ["auto", "light", "dark"] as const;

/** Previews the appearance of the customer portal. */
export function PortalLookSettings() {
  const { t } = useTranslation();
  const [draft, setDraft] = useState<LookDraft>(EMPTY_LOOK);
  const set = (part: keyof LookDraft) => (value: string) => setDraft((before) => ({ ...before, [part]: value }));
  const look = lookOf(draft);
  const settings = settingsOf(look);
  const isWrong = draft.colour.trim() !== "" && parseColour(draft.colour) === null;
  return (
    <>
      <Columns>
        <Card title={t("portalLook.title")} lead={t("portalLook.lead")}>
          <TextField name="name" label={t("portalLook.name")} onValue={set("name")} />
          <TextField name="logo" type="url" label={t("portalLook.logo")} onValue={set("logo")} />
          <FormRow>
            <TextField
              name="colour"
              label={t("portalLook.colour")}
              help={t(isWrong ? "portalLook.colourWrong" : "portalLook.colourHelp")}
              onValue={set("colour")}
            />
            <SelectField
              name="theme"
              label={t("portalLook.theme")}
              value={draft.theme}
              onChange={set("theme")}
              choices={THEMES.map((value) => ({
                value,
                label: t(`app.themes.${value === "auto" ? "system" : value}`),
              }))}
            />
          </FormRow>
          <TextField name="font" label={t("portalLook.font")} help={t("portalLook.fontHelp")} onValue={set("font")} />
        </Card>
        <Card title={t("portalLook.preview")}>
          <Preview look={look} />
        </Card>
      </Columns>
      <Card title={t("portalLook.settings")}>
        {settings === "" ? (
          <p className="muted">{t("portalLook.none")}</p>
        ) : (
          <CodeBlock label={t("portalLook.settings")} text={settings} />
        )}
      </Card>
      <Card title={t("portalLook.link")}>
        <CodeBlock label={t("portalLook.link")} text={JSON.stringify({ look }, null, 2)} />
      </Card>
    </>
  );
}

/** The header and the list of the portal, with the same colours and components. For display only. */
function Preview({ look }: { readonly look: Readonly<Record<string, string>> }) {
  const { t } = useTranslation();
  const { name, logo, colour, font, theme } = look;
  const style = {
    ...(colour === undefined ? {} : accentVariables(colour)),
    ...(font === undefined ? {} : { fontFamily: `${font}, system-ui, sans-serif` }),
  } as CSSProperties;
  return (
    <div className={styles["preview"]} style={style} inert data-scheme={theme ?? "auto"}>
      <div className={styles["head"]}>
        {logo !== undefined && <img className={styles["logo"]} src={logo} alt={name ?? ""} />}
        {name !== undefined && <strong>{name}</strong>}
        <span className="muted">{t("portalLook.customer")}</span>
      </div>
      <div className={styles["tabs"]}>
        <span data-active="true">
          <Webhook aria-hidden />
          {t("portal.nav.endpoints")}
        </span>
        <span>{t("portal.nav.deliveries")}</span>
        <span>{t("portal.nav.signing")}</span>
      </div>
      <div className={styles["row"]}>
        <span className={styles["link"]}>https://customer.example/webhooks</span>
        <Badge tone="good">{t("portal.states.active")}</Badge>
      </div>
      <div className={styles["row"]}>
        <span className={styles["link"]}>https://customer.example/staging</span>
        <Badge tone="bad">{t("portal.states.open")}</Badge>
      </div>
      <Button kind="primary">{t("endpoints.new")}</Button>
    </div>
  );
}
