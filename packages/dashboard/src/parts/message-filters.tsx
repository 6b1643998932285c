import { Search, SlidersHorizontal, X } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Count } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { SelectField } from "../components/form.tsx";
import formStyles from "../components/form.module.css";
import { PickField } from "../components/pick-field.tsx";
import { DIRECTIONS, MESSAGE_STATES, type MessageFilter, type Range, RANGES } from "../lib/message-filter.ts";
import { fromLocalInput, toLocalInput } from "../lib/local-input.ts";
import { APPLICATIONS, endpointsOf, eventTypesOf } from "../lib/option-sources.ts";
import styles from "./filters.module.css";

export interface MessageFiltersProps {
  readonly filter: MessageFilter;
  readonly onChange: (filter: MessageFilter) => void;
  /** Limits the list to one application and hides that filter. */
  readonly app?: string;
}

const HIDDEN = ["type", "app", "endpoint", "channel", "tag", "after", "before"] as const;

/** Message filters. Every change updates the URL. */
export function MessageFilters({ filter, onChange, app }: MessageFiltersProps) {
  const { t } = useTranslation();
  const hidden = HIDDEN.filter((name) => filter[name] !== undefined && !(name === "app" && app !== undefined));
  const [open, setOpen] = useState(hidden.length > 0);
  const set = (changes: { readonly [Name in keyof MessageFilter]?: string | undefined }): void => {
    const next = Object.entries({ ...filter, ...changes }).filter(([, value]) => value !== undefined && value !== "");
    onChange(Object.fromEntries(next) as MessageFilter);
  };
  const shown = (["q", "state", "direction"] as const).filter((name) => filter[name] !== undefined);
  const active = hidden.length + shown.length;
  return (
    <div className={styles["bar"]} role="search" aria-label={t("filters.title")}>
      <div className={styles["line"]}>
        <SearchBox key={filter.q ?? ""} value={filter.q ?? ""} onSearch={(q) => set({ q })} />
        {app === undefined && (
          <div className={styles["choice"]}>
            <SelectField
              bare
              label={t("filters.direction")}
              value={filter.direction ?? ""}
              onChange={(direction) => set({ direction })}
              choices={[
                { value: "", label: t("filters.bothDirections") },
                ...DIRECTIONS.map((value) => ({ value, label: t(`filters.directions.${value}`) })),
              ]}
            />
          </div>
        )}
        <div className={styles["choice"]}>
          <SelectField
            bare
            label={t("filters.state")}
            value={filter.state ?? ""}
            onChange={(state) => set({ state })}
            choices={[
              { value: "", label: t("filters.anyState") },
              ...MESSAGE_STATES.map((value) => ({ value, label: t(`deliveries.states.${value}`) })),
            ]}
          />
        </div>
        <div className={styles["choice"]}>
          <SelectField
            bare
            label={t("filters.range")}
            value={filter.range ?? ""}
            onChange={(range) => set({ range, after: undefined, before: undefined })}
            choices={[
              {
                value: "",
                label: t(
                  filter.after === undefined && filter.before === undefined ? "filters.anyTime" : "filters.custom",
                ),
              },
              ...(Object.keys(RANGES) as Range[]).map((value) => ({ value, label: t(`filters.ranges.${value}`) })),
            ]}
          />
        </div>
        <Button aria-expanded={open} onClick={() => setOpen(!open)}>
          <SlidersHorizontal aria-hidden />
          {t("filters.more")}
          {hidden.length > 0 && <Count>{hidden.length}</Count>}
        </Button>
        {active > 0 && (
          <Button kind="quiet" onClick={() => onChange(filter.range === undefined ? {} : { range: filter.range })}>
            <X aria-hidden />
            {t("filters.clear")}
          </Button>
        )}
      </div>
      {open && <MoreFilters filter={filter} set={set} app={app} />}
    </div>
  );
}

function SearchBox({ value, onSearch }: { readonly value: string; readonly onSearch: (q: string) => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState(value);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onSearch(text.trim());
  };
  return (
    <form className={styles["search"]} onSubmit={submit}>
      <Search aria-hidden />
      <input
        type="search"
        data-search
        className={formStyles["input"]}
        placeholder={t("filters.search")}
        aria-label={t("filters.search")}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onBlur={() => text.trim() !== value && onSearch(text.trim())}
      />
    </form>
  );
}

interface MoreProps {
  readonly filter: MessageFilter;
  readonly set: (changes: { readonly [Name in keyof MessageFilter]?: string | undefined }) => void;
  readonly app: string | undefined;
}

function MoreFilters({ filter, set, app }: MoreProps) {
  const { t } = useTranslation();
  const of = app ?? filter.app;
  return (
    <div className={styles["more"]}>
      {app === undefined && (
        <PickField
          source={APPLICATIONS}
          label={t("applications.one")}
          value={filter.app}
          onChange={(value) => set({ app: value, endpoint: undefined })}
        />
      )}
      <PickField
        source={eventTypesOf(of)}
        label={t("messages.type")}
        value={filter.type}
        onChange={(type) => set({ type })}
      />
      {of !== undefined && (
        <PickField
          source={endpointsOf(of)}
          label={t("endpoints.one")}
          value={filter.endpoint}
          onChange={(endpoint) => set({ endpoint })}
        />
      )}
      <TextFilter label={t("messages.channel")} value={filter.channel} onChange={(channel) => set({ channel })} />
      <TextFilter label={t("messages.tag")} value={filter.tag} onChange={(tag) => set({ tag })} />
      <TimeField
        label={t("filters.after")}
        value={filter.after}
        onChange={(after) => set({ after, range: undefined })}
      />
      <TimeField
        label={t("filters.before")}
        value={filter.before}
        onChange={(before) => set({ before, range: undefined })}
      />
    </div>
  );
}

interface TextFilterProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
}

/** Text that filters once it is complete: when the reader presses Enter, or leaves the field. */
function TextFilter({ label, value = "", onChange }: TextFilterProps) {
  const done = (typed: string): void => {
    const next = typed.trim();
    if (next !== value) onChange(next === "" ? undefined : next);
  };
  return (
    <label className={formStyles["field"]}>
      <span className={formStyles["label"]}>{label}</span>
      <input
        key={value}
        className={formStyles["input"]}
        defaultValue={value}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        onBlur={(event) => done(event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Enter" && done(event.currentTarget.value)}
      />
    </label>
  );
}

interface TimeFieldProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
}

/** Date and time field: entered in the zone that the reader chose, stored in UTC. */
function TimeField({ label, value, onChange }: TimeFieldProps) {
  const local = value === undefined ? "" : toLocal(value);
  return (
    <label className={formStyles["field"]}>
      <span className={formStyles["label"]}>{label}</span>
      <input
        type="datetime-local"
        className={formStyles["input"]}
        value={local}
        onChange={({ target }) => onChange(target.value === "" ? undefined : fromLocalInput(target.value))}
      />
    </label>
  );
}

function toLocal(moment: string): string {
  const at = new Date(moment);
  if (Number.isNaN(at.getTime())) return "";
  return toLocalInput(at.getTime());
}
