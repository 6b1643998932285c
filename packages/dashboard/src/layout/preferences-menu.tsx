import { Link } from "@tanstack/react-router";
import { CircleUser, Keyboard, LogOut } from "lucide-react";
import { type ReactElement, useContext, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { Menu, MenuChoice, MenuItem, MenuLine } from "../components/menu.tsx";
import { availableLanguages, chooseLanguage, languageName } from "../i18n/i18n.ts";
import { chooseClock, CLOCKS, onClock, readClock } from "../lib/clock.ts";
import { AudienceContext } from "../session/audience.ts";
import { readSession, signOut } from "../session/session.ts";
import { chooseTheme, readTheme, type Theme, THEMES } from "./theme.ts";

export interface PreferencesMenuProps {
  readonly trigger: ReactElement;
  /** Opens the menu as soon as it is loaded, because the reader has already clicked the button. */
  readonly defaultOpen: boolean;
}

/** Menu with theme, language, shortcuts and sign-out. */
export function PreferencesMenu({ trigger, defaultOpen }: PreferencesMenuProps) {
  const { t, i18n } = useTranslation();
  const audience = useContext(AudienceContext);
  const clock = useSyncExternalStore(onClock, readClock);
  const [theme, setTheme] = useState(readTheme);
  const themeChosen = (chosen: Theme): void => {
    chooseTheme(chosen);
    setTheme(chosen);
  };
  return (
    <Menu trigger={trigger} defaultOpen={defaultOpen}>
      <MenuChoice
        label={t("app.theme")}
        value={theme}
        choices={THEMES.map((value) => ({ value, label: t(`app.themes.${value}`) }))}
        onChange={themeChosen}
      />
      <MenuLine />
      <MenuChoice
        label={t("app.language")}
        value={i18n.language}
        choices={availableLanguages().map((value) => ({ value, label: languageName(value) }))}
        onChange={(language) => void chooseLanguage(language)}
      />
      <MenuLine />
      <MenuChoice
        label={t("app.clock")}
        value={clock}
        choices={CLOCKS.map((value) => ({ value, label: t(`app.clocks.${value}`) }))}
        onChange={chooseClock}
      />
      <MenuLine />
      {audience?.kind !== "portal" && (
        <MenuItem render={<Link to="/shortcuts" />}>
          <Keyboard aria-hidden />
          {t("shortcuts.title")}
        </MenuItem>
      )}
      {audience?.kind !== "portal" && readSession()?.token === null && (
        <MenuItem render={<Link to="/profile" />}>
          <CircleUser aria-hidden />
          {t("profile.title")}
        </MenuItem>
      )}
      <MenuItem onClick={() => void signOut()}>
        <LogOut aria-hidden />
        {t("app.signOut")}
      </MenuItem>
    </Menu>
  );
}
