import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { SelectField } from "../components/form.tsx";
import { ATTEMPT_RESPONSES, ATTEMPT_RESULTS, type AttemptsSearch, attemptsSearch } from "../lib/page-search.ts";
import styles from "./filters.module.css";

export interface AttemptFiltersProps {
  readonly filter: AttemptsSearch;
  readonly onChange: (filter: AttemptsSearch) => void;
  /** Actions on the filtered list. */
  readonly children?: ReactNode;
}

export function AttemptFilters({ filter, onChange, children }: AttemptFiltersProps) {
  const { t } = useTranslation();
  return (
    <div className={styles["line"]}>
      <div className={styles["choice"]}>
        <SelectField
          label={t("attempts.status")}
          value={filter.status ?? ""}
          onChange={(status) => onChange(attemptsSearch({ ...filter, status }))}
          choices={[
            { value: "", label: t("filters.anyState") },
            ...ATTEMPT_RESULTS.map((value) => ({ value, label: t(`status.${value}`) })),
          ]}
        />
      </div>
      <div className={styles["choice"]}>
        <SelectField
          label={t("attempts.response")}
          value={filter.response ?? ""}
          onChange={(response) => onChange(attemptsSearch({ ...filter, response }))}
          choices={[
            { value: "", label: t("attempts.anyResponse") },
            ...ATTEMPT_RESPONSES.map((value) => ({ value, label: t(`attempts.responses.${value}`) })),
          ]}
        />
      </div>
      {children}
    </div>
  );
}
