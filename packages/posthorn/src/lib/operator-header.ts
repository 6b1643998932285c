/** Header in which a command of `posthorn` names the operating system user who runs it, percent-encoded. */
export const OPERATOR_HEADER = "posthorn-operator";
