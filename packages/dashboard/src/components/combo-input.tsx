/** Text input with a list of options that the server searches while typing (ARIA combobox with list autocomplete). */
import { Autocomplete } from "@base-ui/react/autocomplete";
import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import styles from "./combo.module.css";
import { ErrorText } from "./error-text.tsx";
import formStyles from "./form.module.css";
import type { Option, OptionSource } from "./options.ts";
import { useDelayed } from "./use-delayed.ts";

export interface ComboInputProps {
  readonly source: OptionSource;
  /** Text of the input. */
  readonly text: string;
  /** Text to search for; empty: the newest options. */
  readonly query: string;
  readonly onType: (text: string) => void;
  readonly onChoose: (option: Option) => void;
  /** Called when the input loses focus, with the options found for the text. */
  readonly onLeave: (options: readonly Option[]) => void;
  /** Called on Enter without a highlighted option. By default, the same as on losing focus. */
  readonly onEnter?: (options: readonly Option[]) => void;
  /** Called on Backspace in an empty input. */
  readonly onBack?: () => void;
  readonly id?: string;
  /** Name of the list of options. */
  readonly label: string;
  readonly describedBy?: string | undefined;
  readonly placeholder?: string | undefined;
  readonly required?: boolean;
  readonly autoFocus?: boolean;
}

/** Delay between a keystroke and the search on the server. */
const WAIT_MS = 150;
const NONE: readonly Option[] = [];

export function ComboInput({
  source,
  text,
  query,
  onType,
  onChoose,
  onLeave,
  onEnter = onLeave,
  onBack,
  ...input
}: ComboInputProps) {
  const [wantsOpen, setOpen] = useState(false);
  const [isFocused, setFocused] = useState(false);
  const open = wantsOpen && isFocused;
  const highlighted = useRef<Option | undefined>(undefined);
  const { options, error, isLoading } = useOptions(source, query, open);
  const press = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && (!open || highlighted.current === undefined)) onEnter(options);
    else if (event.key === "Backspace" && text === "") onBack?.();
  };
  return (
    <Autocomplete.Root<Option>
      items={options}
      filter={null}
      value={text}
      onValueChange={(next, { reason }) => reason !== "item-press" && onType(next)}
      itemToStringValue={({ label }) => label}
      open={open}
      onOpenChange={setOpen}
      openOnInputClick
      // Enter must not replace a value that is complete as typed.
      autoHighlight={source.isOpen !== true}
      onItemHighlighted={(option) => (highlighted.current = option)}
      required={input.required ?? false}
    >
      <Autocomplete.Input
        {...(input.id === undefined ? {} : { id: input.id })}
        className={formStyles["input"]}
        {...(input.describedBy === undefined ? {} : { "aria-describedby": input.describedBy })}
        placeholder={input.placeholder}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        autoFocus={input.autoFocus ?? false}
        onKeyDown={press}
        onFocus={(event) => {
          setFocused(true);
          event.currentTarget.select();
        }}
        onBlur={() => {
          setFocused(false);
          setOpen(false);
          onLeave(options);
        }}
      />
      {open && (
        <Autocomplete.Portal>
          <Autocomplete.Positioner className={styles["positioner"]} sideOffset={4} align="start">
            {/* The library's own popup is not used: it hides the rest of the page from screen readers, but not from the keyboard. */}
            <div className={styles["popup"]}>
              <Autocomplete.Status className={styles["status"]}>
                <StatusText error={error} isLoading={isLoading} count={options.length} />
              </Autocomplete.Status>
              <Autocomplete.List className={styles["list"]} aria-label={input.label}>
                {(option: Option) => (
                  <Autocomplete.Item
                    key={option.value}
                    value={option}
                    className={styles["option"]}
                    onClick={() => {
                      setOpen(false);
                      onChoose(option);
                    }}
                  >
                    <span className={styles["name"]}>{option.label}</span>
                    {option.detail !== undefined && option.detail !== null && option.detail !== "" && (
                      <span className={styles["detail"]}>{option.detail}</span>
                    )}
                  </Autocomplete.Item>
                )}
              </Autocomplete.List>
            </div>
          </Autocomplete.Positioner>
        </Autocomplete.Portal>
      )}
    </Autocomplete.Root>
  );
}

interface StatusTextProps {
  readonly error: Error | null;
  readonly isLoading: boolean;
  readonly count: number;
}

/** Status of the options for screen readers. Only visible if there are no options. */
function StatusText({ error, isLoading, count }: StatusTextProps) {
  const { t } = useTranslation();
  if (error !== null) return <ErrorText error={error} />;
  if (isLoading) return t("list.loading");
  if (count === 0) return t("pick.none");
  return <span className="visually-hidden">{t("pick.found", { count })}</span>;
}

function useOptions(source: OptionSource, query: string, enabled: boolean) {
  const asked = useDelayed(query, WAIT_MS);
  const { data, error, isPending } = useQuery({
    queryKey: ["options", ...source.key, asked],
    queryFn: ({ signal }) => source.find(asked, signal),
    enabled,
  });
  // Options for an earlier text are hidden, because a quick Enter would choose one of them.
  const isLoading = asked !== query || isPending;
  return { options: isLoading ? NONE : (data ?? NONE), error: asked === query ? error : null, isLoading };
}
