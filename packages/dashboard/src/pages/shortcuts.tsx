import { useState } from "react";
import { useTranslation } from "react-i18next";
import { SwitchField } from "../components/form.tsx";
import { Card, Page } from "../components/page.tsx";
import { PAGE_KEYS, shortcutsOn, switchShortcuts } from "../lib/shortcuts.ts";
import styles from "./shortcuts.module.css";

export function Shortcuts() {
  const { t } = useTranslation();
  const [on, setOn] = useState(shortcutsOn);
  const turn = (next: boolean): void => {
    switchShortcuts(next);
    setOn(next);
  };
  return (
    <Page title={t("shortcuts.title")} lead={t("shortcuts.lead")}>
      <Card>
        <SwitchField label={t("shortcuts.on")} checked={on} onChange={turn} />
      </Card>
      <Card title={t("shortcuts.go")}>
        <dl className={styles["keys"]}>
          {PAGE_KEYS.map(({ key, name }) => (
            <Keys key={key} keys={["g", key]} name={t(`nav.${name}`)} />
          ))}
        </dl>
      </Card>
      <Card title={t("shortcuts.page")}>
        <dl className={styles["keys"]}>
          <Keys keys={["Ctrl", "K"]} name={t("shortcuts.palette")} />
          <Keys keys={["/"]} name={t("shortcuts.search")} />
          <Keys keys={["j"]} name={t("shortcuts.next")} />
          <Keys keys={["k"]} name={t("shortcuts.previous")} />
          <Keys keys={["Enter"]} name={t("shortcuts.open")} />
          <Keys keys={["?"]} name={t("shortcuts.this")} />
          <Keys keys={["Ctrl", "]"]} name={t("shortcuts.indent")} />
          <Keys keys={["Ctrl", "Space"]} name={t("shortcuts.suggest")} />
          <Keys keys={["Esc"]} name={t("shortcuts.close")} />
        </dl>
      </Card>
    </Page>
  );
}

function Keys({ keys, name }: { readonly keys: readonly string[]; readonly name: string }) {
  return (
    <>
      <dt>
        {keys.map((key) => (
          <kbd key={key}>{key}</kbd>
        ))}
      </dt>
      <dd>{name}</dd>
    </>
  );
}
