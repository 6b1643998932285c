import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { SelectField } from "../components/form.tsx";
import styles from "./filters.module.css";

export interface AttemptFilter {
  readonly status?: 0 | 2;
  readonly status_code_class?: 0 | 200 | 300 | 400 | 500;
}

const CLASSES = [200, 300, 400, 500, 0] as const;

export interface AttemptFiltersProps {
  readonly filter: AttemptFilter;
  readonly onChange: (filter: AttemptFilter) => void;
  /** Actions on the filtered list. */
  readonly children?: ReactNode;
}

export function AttemptFilters({ filter, onChange, children }: AttemptFiltersProps) {
  const { t } = useTranslation();
  const { status, status_code_class: codeClass } = filter;
  const set = (next: { [Name in keyof AttemptFilter]: AttemptFilter[Name] | undefined }): void => {
    onChange(Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined)) as AttemptFilter);
  };
  return (
    <div className={styles["line"]}>
      <div className={styles["choice"]}>
        <SelectField
          label={t("attempts.status")}
          value={status === undefined ? "" : String(status)}
          onChange={(value) => set({ ...filter, status: value === "" ? undefined : (Number(value) as 0 | 2) })}
          choices={[
            { value: "", label: t("filters.anyState") },
            { value: "0", label: t("status.success") },
            { value: "2", label: t("status.fail") },
          ]}
        />
      </div>
      <div className={styles["choice"]}>
        <SelectField
          label={t("attempts.response")}
          value={codeClass === undefined ? "" : String(codeClass)}
          onChange={(value) =>
            set({
              ...filter,
              status_code_class: value === "" ? undefined : CLASSES.find((one) => one === Number(value)),
            })
          }
          choices={[
            { value: "", label: t("attempts.anyResponse") },
            ...CLASSES.map((value) => ({
              value: String(value),
              label: value === 0 ? t("attempts.noResponse") : `${value / 100}xx`,
            })),
          ]}
        />
      </div>
      {children}
    </div>
  );
}
