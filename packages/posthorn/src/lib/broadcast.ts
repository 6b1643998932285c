/** Messages to the same part of a node in the other threads of the process, by topic. They are not confirmed. */
export interface Broadcast {
  publish(topic: string, data: unknown): void;
  /** Sends to one thread. Returns `false` if it has ended. @param transfer Memory to transfer. */
  sendTo(thread: number, topic: string, data: unknown, transfer?: readonly ArrayBuffer[]): boolean;
  /** Sets what receives the messages of a topic. */
  subscribe(topic: string, listener: (data: unknown) => void): void;
}
