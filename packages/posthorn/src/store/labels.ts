/** Kind of a message label: see `MessageLabelTable`. */
export const LABEL_KIND = { channel: 0, tag: 1 } as const;
export type LabelKind = (typeof LABEL_KIND)[keyof typeof LABEL_KIND];
