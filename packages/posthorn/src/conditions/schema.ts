/** JSON form of the rule of a watch, as users write it. `parse.ts` checks it. */

/** A duration such as `15m` or `2h`. */
export type DurationText = string;
export type Scalar = string | number | boolean | null;
/** A number, or a percentage such as `5%`. */
export type DifferenceText = number | string;

export interface Bounds {
  readonly above?: number;
  readonly below?: number;
  readonly between?: readonly [number, number];
  readonly outside?: readonly [number, number];
}

export interface TrendJson {
  readonly by: DifferenceText;
  readonly within: DurationText;
}

export interface ChangeJson {
  readonly from?: Scalar | readonly Scalar[];
  readonly to?: Scalar | readonly Scalar[];
  readonly by?: DifferenceText;
}

export interface AggregateJson extends Bounds {
  readonly over: DurationText;
}

/** One of the members is set, and of `above`, `below`, `between` and `outside` one or more that do not exclude each other. */
export interface ConditionJson extends Bounds {
  readonly is?: Scalar | readonly Scalar[];
  readonly matches?: string;
  readonly changed?: true | ChangeJson;
  readonly rises?: TrendJson;
  readonly falls?: TrendJson;
  readonly silent?: DurationText;
  readonly filter?: Readonly<Record<string, unknown>>;
  readonly count?: AggregateJson;
  readonly sum?: AggregateJson;
  readonly avg?: AggregateJson;
  readonly min?: AggregateJson;
  readonly max?: AggregateJson;
  readonly all?: readonly ConditionJson[];
  readonly any?: readonly ConditionJson[];
  readonly not?: ConditionJson;
}

export interface RuleJson {
  readonly read?: {
    readonly items?: string;
    readonly value?: string;
    readonly key?: string;
    readonly time?: string;
  };
  readonly when: ConditionJson;
  readonly for?: DurationText;
  readonly times?: number;
  readonly until?: ConditionJson;
  readonly hold?: DurationText;
  readonly remind?: DurationText;
  readonly expect?: readonly string[];
  readonly forget?: DurationText;
  readonly maxKeys?: number;
}
