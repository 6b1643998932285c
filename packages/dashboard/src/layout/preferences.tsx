/** Button of the preferences menu. The menu is loaded when the reader is about to open it: most visits do not need it. */
import { SlidersHorizontal } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "../components/button.tsx";
import { loadTexts } from "../i18n/i18n.ts";

const load = () => Promise.all([import("./preferences-menu.tsx"), loadTexts()]);

const PreferencesMenu = lazy(async () => {
  const [{ PreferencesMenu: component }] = await load();
  return { default: component };
});

/** Without a connection, the click tries again. */
const preload = (): void => void load().catch(() => undefined);

export function Preferences() {
  const { t } = useTranslation();
  const [asked, setAsked] = useState(false);
  const trigger = (
    <IconButton
      label={t("app.preferences")}
      aria-haspopup="menu"
      onPointerEnter={preload}
      onFocus={preload}
      onClick={() => setAsked(true)}
    >
      <SlidersHorizontal aria-hidden />
    </IconButton>
  );
  if (!asked) return trigger;
  return (
    <Suspense fallback={trigger}>
      <PreferencesMenu trigger={trigger} />
    </Suspense>
  );
}
