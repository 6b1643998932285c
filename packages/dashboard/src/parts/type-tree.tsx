import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Count } from "../components/badge.tsx";
import formStyles from "../components/form.module.css";
import { groupTypes, searchGroups, type TypeGroup } from "../lib/type-groups.ts";
import styles from "./type-tree.module.css";
import type { components } from "../api/schema.ts";

export interface TypeTreeProps {
  readonly types: readonly KnownType[];
  readonly value: readonly string[];
}

/** Tree of event types by group. The form value is a comma-separated list; none selected means all. */
export function TypeTree({ types, value }: TypeTreeProps) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(() => new Set(value));
  const [words, setWords] = useState("");
  const groups = useMemo(() => groupTypes(types), [types]);
  const tick = (names: readonly string[], on: boolean): void => {
    const next = new Set(chosen);
    for (const name of names)
      if (on) next.add(name);
      else next.delete(name);
    setChosen(next);
  };
  return (
    <fieldset className={formStyles["field"]}>
      <legend className={formStyles["label"]}>{t("endpoints.types")}</legend>
      {[...chosen].map((name) => (
        <input key={name} type="hidden" name="eventTypes" value={name} />
      ))}
      <div className={styles["box"]}>
        <div className={styles["tools"]}>
          <input
            type="search"
            className={styles["search"]}
            value={words}
            aria-label={t("portal.types.search")}
            placeholder={t("portal.types.search")}
            onChange={(event) => setWords(event.target.value)}
          />
          <span role="status">
            {chosen.size === 0 ? t("portal.types.all") : t("portal.types.chosen", { count: chosen.size })}
          </span>
        </div>
        {/* Scrollable regions must be reachable by keyboard. */}
        <div className={styles["tree"]} tabIndex={0} role="group" aria-label={t("endpoints.types")}>
          {searchGroups(groups, words).map((group) => (
            <Group key={group.name} group={group} chosen={chosen} onTick={tick} />
          ))}
        </div>
      </div>
      <p className={formStyles["help"]}>{t("portal.types.help")}</p>
    </fieldset>
  );
}

interface GroupProps {
  readonly group: TypeGroup;
  readonly chosen: ReadonlySet<string>;
  readonly onTick: (names: readonly string[], on: boolean) => void;
}

function Group({ group, chosen, onTick }: GroupProps) {
  const names = group.types.map(({ name }) => name);
  const ticked = names.filter((name) => chosen.has(name)).length;
  return (
    <div className={styles["group"]} role="group" aria-label={group.name}>
      <label className={styles["row"]}>
        <input
          type="checkbox"
          checked={ticked === names.length}
          ref={(box) => {
            if (box !== null) box.indeterminate = ticked > 0 && ticked < names.length;
          }}
          onChange={(event) => onTick(names, event.target.checked)}
        />
        <strong>{group.name}</strong>
        <Count>
          {ticked}/{names.length}
        </Count>
      </label>
      <div className={styles["types"]}>
        {group.types.map(({ name, description }) => (
          <label key={name} className={styles["row"]}>
            <input
              type="checkbox"
              checked={chosen.has(name)}
              onChange={(event) => onTick([name], event.target.checked)}
            />
            <code>{name}</code>
            <span className={styles["text"]}>{description}</span>
          </label>
        ))}
      </div>
    </div>
  );
}

export type KnownType = Pick<components["schemas"]["EventTypeOut"], "name" | "description" | "groupName">;
