import { useState } from "react";
import { useTranslation } from "react-i18next";
import { chooseTheme, readTheme, type Theme, THEMES } from "./theme.ts";
import styles from "../components/form.module.css";

export function ThemeChoice() {
  const { t } = useTranslation();
  const [theme, setTheme] = useState(readTheme);
  const choose = (chosen: Theme): void => {
    chooseTheme(chosen);
    setTheme(chosen);
  };
  return (
    <select
      className={styles["input"]}
      aria-label={t("app.theme")}
      value={theme}
      onChange={(event) => choose(THEMES[event.target.selectedIndex]!)}
    >
      {THEMES.map((name) => (
        <option key={name} value={name}>
          {t(`app.themes.${name}`)}
        </option>
      ))}
    </select>
  );
}
