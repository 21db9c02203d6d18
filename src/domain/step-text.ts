/** A step without its state. Words follow the source article. */
export interface StepText {
  readonly key: string;
  readonly title: string;
  readonly detail: string;
  /** The mutation that performs the step; null when it happens outside the gateway or by itself. */
  readonly mutation: string | null;
}

export function step(key: string, title: string, detail: string, mutation: string | null = null): StepText {
  return { key, title, detail, mutation };
}
