/** The rule of a watch as a sentence. */
import type { i18n as I18n } from "i18next";
import { formatNumber, regional } from "./format.ts";
import { AGGREGATES, BOUNDS, type WatchCondition } from "./condition-draft.ts";
import type { WatchRule } from "./watch-draft.ts";
import { selectorName } from "./watch-selectors.ts";

const UNITS: Readonly<Record<string, string>> = { s: "second", m: "minute", h: "hour", d: "day", w: "week" };

/** A duration such as `5m` as "5 minutes"; any other text is returned unchanged. */
export function durationText(language: string, duration: string): string {
  const [, amount, unit = ""] = /^(\d+)([smhdw])$/.exec(duration) ?? [];
  if (amount === undefined) return duration;
  return new Intl.NumberFormat(regional(language), {
    style: "unit",
    unit: UNITS[unit]!,
    unitDisplay: "long",
  }).format(Number(amount));
}

/** Such as "Raised when temperature is above 30 for 5 minutes, per device. Cleared when it is below 25." */
export function ruleSummary(i18n: I18n, rule: WatchRule): string {
  return new Summary(i18n, rule).text();
}

/** One condition as a clause, such as "temperature is above 30". */
export function conditionText(i18n: I18n, rule: WatchRule, condition: WatchCondition): string {
  return new Summary(i18n, rule).clause(condition);
}

type Values = Readonly<Record<string, string | number>>;

class Summary {
  readonly #i18n: I18n;
  readonly #rule: WatchRule;

  constructor(i18n: I18n, rule: WatchRule) {
    this.#i18n = i18n;
    this.#rule = rule;
  }

  text(): string {
    const { when, until, hold, remind, read = {} } = this.#rule;
    const per = read.key === undefined ? "" : this.#t("per", { key: selectorName(read.key) ?? read.key });
    if (this.#changeOf(when) !== null) return this.#t("reports", { clause: this.clause(when), per });
    const sentences = [this.#t("raised", { clause: this.clause(when), lasting: this.#lasting(), per })];
    const holding = hold === undefined ? "" : this.#t("holding", { duration: this.#duration(hold) });
    if (until !== undefined) sentences.push(this.#t("cleared", { clause: this.clause(until), holding }));
    else if (hold !== undefined) sentences.push(this.#t("clearedAfter", { duration: this.#duration(hold) }));
    if (remind !== undefined) sentences.push(this.#t("reminded", { duration: this.#duration(remind) }));
    return sentences.join(" ");
  }

  clause(condition: WatchCondition, isNested = false): string {
    const { all, any, not } = condition;
    const parts = all ?? any;
    if (parts !== undefined) {
      const joined = parts.map((part) => this.clause(part, true)).join(this.#t(all === undefined ? "or" : "and"));
      return isNested && parts.length > 1 ? `(${joined})` : joined;
    }
    if (not !== undefined) {
      if (not.is !== undefined) return this.#t("isNot", { name: this.#name(), value: this.#values(not.is) });
      return this.#t("not", { clause: this.clause(not, true) });
    }
    return this.#leaf(condition);
  }

  #leaf(condition: WatchCondition): string {
    const { is, matches, changed, rises, falls, silent, filter } = condition;
    const name = this.#name();
    const bound = BOUNDS.find((one) => condition[one] !== undefined);
    if (bound !== undefined) return this.#t(bound, { name, ...this.#boundValues(condition[bound]) });
    if (is !== undefined) return this.#t("is", { name, value: this.#values(is) });
    if (matches !== undefined) return this.#t("matches", { name, value: matches });
    if (silent !== undefined) return this.#t("silent", { duration: this.#duration(silent) });
    if (filter !== undefined) return this.#t("filter", { filter: cut(JSON.stringify(filter)) });
    if (changed !== undefined) return this.#change(changed);
    const trend = rises ?? falls;
    if (trend !== undefined) {
      const values = { name, by: this.#difference(trend.by), duration: this.#duration(trend.within) };
      return this.#t(rises === undefined ? "falls" : "rises", values);
    }
    const aggregate = AGGREGATES.find((one) => condition[one] !== undefined);
    return aggregate === undefined ? "…" : this.#aggregate(aggregate, condition[aggregate]!);
  }

  #aggregate(aggregate: (typeof AGGREGATES)[number], operand: NonNullable<WatchCondition["count"]>): string {
    const duration = this.#duration(operand.over);
    const name = this.#t(aggregate, { name: this.#name(), duration });
    const bound = BOUNDS.find((one) => operand[one] !== undefined);
    return bound === undefined ? name : this.#t(bound, { name, ...this.#boundValues(operand[bound]) });
  }

  #change(changed: NonNullable<WatchCondition["changed"]>): string {
    const name = this.#name();
    if (changed === true) return this.#t("changed", { name });
    const { from, to, by } = changed;
    if (by !== undefined) return this.#t("changedBy", { name, by: this.#difference(by) });
    if (from === undefined) return this.#t("changedTo", { name, to: this.#values(to) });
    if (to === undefined) return this.#t("changedFrom", { name, from: this.#values(from) });
    return this.#t("changedFromTo", { name, from: this.#values(from), to: this.#values(to) });
  }

  /** The condition that reports changes, alone or in the outermost `all`; `null` if the rule has phases. */
  #changeOf({ changed, all = [] }: WatchCondition): WatchCondition["changed"] | null {
    return changed ?? all.find((part) => part.changed !== undefined)?.changed ?? null;
  }

  #lasting(): string {
    const { for: duration, times } = this.#rule;
    const lasting = duration === undefined ? "" : this.#t("for", { duration: this.#duration(duration) });
    return times === undefined ? lasting : `${lasting}${this.#t("times", { count: times })}`;
  }

  #name(): string {
    const { value } = this.#rule.read ?? {};
    return (value === undefined ? null : selectorName(value)) ?? this.#t("theValue");
  }

  #boundValues(operand: unknown): Values {
    if (!Array.isArray(operand)) return { value: this.#number(operand) };
    const [low, high] = operand as readonly unknown[];
    return { low: this.#number(low), high: this.#number(high) };
  }

  #number(value: unknown): string {
    return typeof value === "number" ? formatNumber(this.#i18n.language, value, 6) : JSON.stringify(value ?? "…");
  }

  #values(values: unknown): string {
    const list = Array.isArray(values) ? (values as readonly unknown[]) : [values];
    const texts = list.map((value) =>
      typeof value === "string" ? this.#t("quoted", { text: cut(value) }) : JSON.stringify(value),
    );
    return texts.length > 5 ? `${texts.slice(0, 5).join(", ")} …` : texts.join(this.#t("or"));
  }

  #difference(by: number | string): string {
    return typeof by === "number" ? this.#number(by) : by.replace(/\s*%$/, "\u00a0%");
  }

  #duration(duration: string): string {
    return durationText(this.#i18n.language, duration);
  }

  #t(key: string, values: Values = {}): string {
    const text: unknown = this.#i18n.t(`watchText.${key}` as never, values as never);
    return typeof text === "string" ? text : key;
  }
}

function cut(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
