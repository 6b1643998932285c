/** Search field and choices above a list. The filters are in the URL, so that a filtered list can be linked. */
import { Search } from "lucide-react";
import type { ReactNode } from "react";
import { type Choice, SelectField } from "../components/form.tsx";
import type { OptionSource } from "../components/options.ts";
import { PickField } from "../components/pick-field.tsx";
import formStyles from "../components/form.module.css";
import styles from "./filters.module.css";

export interface ListFiltersProps<Name extends string> {
  /** Distinguishes the filters of several lists on a page; by default, their name is the label of the search. */
  readonly listName?: string;
  /** Absent: the list is not searched by text. */
  readonly search?: { readonly label: string; readonly value: string | undefined };
  /** Further text fields, narrower than the search field. */
  readonly texts?: readonly {
    readonly name: Name;
    readonly label: string;
    readonly help: string;
    readonly value: string | undefined;
  }[];
  readonly choices: readonly {
    readonly name: Name;
    readonly label: string;
    readonly value: string | undefined;
    /** The first one has an empty value: any. */
    readonly choices: readonly Choice[];
  }[];
  /** Objects, chosen by name. */
  readonly picks?: readonly {
    readonly name: Name;
    readonly label: string;
    readonly help: string;
    readonly value: string | undefined;
    readonly source: OptionSource;
  }[];
  /** Receives a filter that has changed; an empty value removes it. */
  readonly onChange: (name: Name | "search", value: string) => void;
  /** Actions on the filtered list. */
  readonly children?: ReactNode;
}

export function ListFilters<Name extends string>({
  listName,
  search,
  texts,
  choices,
  picks,
  onChange,
  children,
}: ListFiltersProps<Name>) {
  return (
    <div className={styles["line"]} role="search" aria-label={listName ?? search?.label}>
      {search !== undefined && (
        <div className={styles["search"]}>
          <Search aria-hidden />
          <input
            key={search.value ?? ""}
            type="search"
            className={formStyles["input"]}
            placeholder={search.label}
            aria-label={search.label}
            defaultValue={search.value ?? ""}
            onKeyDown={(event) => event.key === "Enter" && onChange("search", event.currentTarget.value.trim())}
            onBlur={(event) => onChange("search", event.currentTarget.value.trim())}
          />
        </div>
      )}
      {texts?.map(({ name, label, help, value }) => (
        <div key={name} className={styles["choice"]}>
          <input
            key={value ?? ""}
            className={formStyles["input"]}
            placeholder={help}
            aria-label={label}
            defaultValue={value ?? ""}
            spellCheck={false}
            autoCapitalize="none"
            onKeyDown={(event) => event.key === "Enter" && onChange(name, event.currentTarget.value.trim())}
            onBlur={(event) => onChange(name, event.currentTarget.value.trim())}
          />
        </div>
      ))}
      {choices.map(({ name, label, value, choices: values }) => (
        <div key={name} className={styles["choice"]}>
          <SelectField
            bare
            label={label}
            value={value ?? ""}
            onChange={(next) => onChange(name, next)}
            choices={values}
          />
        </div>
      ))}
      {picks?.map(({ name, label, help, value, source }) => (
        <div key={name} className={styles["choice"]}>
          <PickField
            bare
            source={source}
            label={label}
            placeholder={help}
            value={value}
            onChange={(next) => onChange(name, next)}
          />
        </div>
      ))}
      {children}
    </div>
  );
}

/** Search parameters with one filter changed, without those that are empty. */
export function withFilter(
  current: Readonly<Record<string, string | undefined>>,
  name: string,
  value: string,
): Record<string, string> {
  const next = Object.entries({ ...current, [name]: value });
  return Object.fromEntries(next.flatMap(([key, one]) => (one === undefined || one === "" ? [] : [[key, one]])));
}
