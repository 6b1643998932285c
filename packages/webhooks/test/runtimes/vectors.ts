import data from "../../../../vectors/providers.json" with { type: "json" };

/** The fields of a request vector that the suite uses. */
export interface RuntimeVector {
  readonly id: string;
  readonly provider: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly secrets: readonly string[];
  readonly publicKeys?: readonly string[];
  readonly config?: Readonly<Record<string, string>> | null;
  readonly timeMs: number;
  readonly expectValid: boolean;
}

export const vectors: readonly RuntimeVector[] = (data as unknown as { vectors: RuntimeVector[] }).vectors;
